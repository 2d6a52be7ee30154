import { spawnSync } from 'node:child_process';
import { cpSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { temporaryFolder } from '../support/folder';

const root = path.join(__dirname, '../..');
const STAGES = ['connect', 'buffer', 'processing', 'store', 'visualize', 'containerization'];
/** What only readers of templates and of this repository need. */
const LEFT_OUT = /[/\\](facts|example|promises)\.ts$/;

test('each service compiles where only its folder, the ports and the foundation of its cloud, and the checks were copied to', () => {
  const services = ['aws', 'azure', 'gcp'].flatMap((cloud) =>
    readdirSync(path.join(root, cloud))
      .filter((stage) => STAGES.includes(stage))
      .flatMap((stage) => readdirSync(path.join(root, cloud, stage)).map((service) => `${cloud}/${stage}/${service}`)),
  );
  expect(services.length).toBeGreaterThanOrEqual(10);
  const projects = temporaryFolder();
  symlinkSync(path.join(root, 'node_modules'), path.join(projects, 'node_modules'));
  for (const service of services) {
    const [cloud] = service.split('/');
    for (const entry of [service, `${cloud}/ports`, `${cloud}/foundation`, 'shared/synth']) {
      const target = path.join(projects, service.replaceAll('/', '-'), entry);
      cpSync(path.join(root, entry), target, { recursive: true, filter: (file) => !LEFT_OUT.test(file) });
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
  const include = services.map((service) => service.replaceAll('/', '-'));
  writeFileSync(path.join(projects, 'tsconfig.json'), JSON.stringify({ compilerOptions, include }));

  const { status, stdout } = spawnSync(process.execPath, [path.join(root, 'node_modules/typescript/bin/tsc'), '-p', projects], {
    encoding: 'utf8',
  });
  expect(stdout).toBe('');
  expect(status).toBe(0);
}, 60_000);
