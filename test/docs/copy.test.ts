import { spawnSync } from 'node:child_process';
import { cpSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { temporaryFolder } from '../support/folder';

const root = path.join(__dirname, '../..');
const STAGES = ['connect', 'buffer', 'processing', 'store'];

test('each stage compiles where only it, the ports of its cloud, the checks of settings and the acknowledgements were copied to', () => {
  const copies = ['aws', 'azure', 'gcp'].flatMap((cloud) => STAGES.map((stage) => [cloud, stage] as const));
  const projects = temporaryFolder();
  symlinkSync(path.join(root, 'node_modules'), path.join(projects, 'node_modules'));
  for (const [cloud, stage] of copies) {
    const project = path.join(projects, `${cloud}-${stage}`);
    const reasons = cloud === 'aws' ? 'aws/acknowledge.ts' : 'shared/synth/acknowledge.ts';
    for (const entry of [`${cloud}/${stage}`, `${cloud}/ports.ts`, 'shared/synth/settings.ts', reasons]) {
      cpSync(path.join(root, entry), path.join(project, entry), { recursive: true });
    }
  }
  const compilerOptions = {
    rootDir: '.',
    module: 'node20',
    target: 'es2023',
    types: ['node'],
    strict: true,
    skipLibCheck: true,
    noEmit: true,
  };
  writeFileSync(path.join(projects, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: copies.map((copy) => copy.join('-')) }));

  const { status, stdout } = spawnSync(process.execPath, [path.join(root, 'node_modules/typescript/bin/tsc'), '-p', projects], {
    encoding: 'utf8',
  });
  expect(stdout).toBe('');
  expect(status).toBe(0);
  expect(readdirSync(projects)).toHaveLength(copies.length + 2);
}, 60_000);
