import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import path from 'node:path';
import ts from 'typescript';
import { dependencies } from '../../package.json';
import { servicesOf } from '../../scripts/cost/service';
import { temporaryFolder } from '../support/folder';

const root = path.join(__dirname, '../..');
const services = servicesOf();
const readme = readFileSync(path.join(root, 'README.md'), 'utf8');
const [command = ''] = /^tar cf - [^#\n]*/m.exec(readme) ?? [];

/** Aurora alone brings a function, and what the README says of it. */
const FUNCTION = 'aws/store/aurora';
const withFunction = (said: string) => said.replace(' --exclude sql', '').replace(' shared/', ' shared/runtime/setting.ts shared/');

/** What the command of the README copies for a service. */
function copyOf(service: string): string {
  const folder = temporaryFolder();
  const [cloud] = service.split('/');
  const plain = command.replace('aws/buffer/kinesis', service).replaceAll(' aws/', ` ${cloud}/`);
  const said = service === FUNCTION ? withFunction(plain) : plain;
  execFileSync('sh', ['-c', said.replace('../my-project', '"$COPY"')], { cwd: root, env: { PATH: process.env.PATH, COPY: folder } });
  return folder;
}

/** What a file imports: others by their path within the copy, packages by their name. */
function importsOf(folder: string, file: string): string[] {
  const { importedFiles } = ts.preProcessFile(readFileSync(path.join(folder, file), 'utf8'), true, true);
  return importedFiles.map(({ fileName }) =>
    fileName.startsWith('.') ? path.join(path.dirname(file), fileName) : fileName.replace(/^((?:@[^/]+\/)?[^/]+).*$/, '$1'),
  );
}

const OURS = [...Object.keys(dependencies), ...builtinModules.map((name) => `node:${name}`)];
const OF_FUNCTION = [...readme.matchAll(/`(@aws-sdk\/[\w-]+)`/g)].map(([, name]) => name!);

test('the README says how a service is copied', () => {
  expect(command).toContain(' aws/buffer/kinesis ');
  expect(command).toMatch(/ -C \.\.\/my-project\s*$/);
  expect(services.length).toBeGreaterThanOrEqual(10);
});

test.each(services)('what the README copies of %s imports nothing but itself and packages that are listed', (service) => {
  const folder = copyOf(service);
  const files = (readdirSync(folder, { recursive: true }) as string[]).filter((file) => file.endsWith('.ts'));
  expect(files.filter((file) => file.startsWith(`${service}/`))).not.toEqual([]);
  const packages = service === FUNCTION ? [...OURS, ...OF_FUNCTION] : OURS;
  const comes = (name: string) =>
    packages.includes(name) || ['.ts', '.d.ts', ''].some((end) => existsSync(path.join(folder, `${name}${end}`)));
  const lacking = files.flatMap((file) => importsOf(folder, file).map((name) => [file, name] as const)).filter(([, name]) => !comes(name));
  expect(lacking).toEqual([]);
});
