import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { scripts } from '../../../package.json';
import { committed, edit, emptyApp, git, run, shown } from '../../support/copies';
import { temporaryFolder } from '../../support/folder';
import { expectText } from '../../support/snapshot';

const root = committed();
const KINESIS = 'aws/buffer/kinesis';
const filesIn = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .sort();

/** `npm run copy -- ...` as a person runs it in a folder. */
function ran(cwd: string, ...args: readonly string[]) {
  const [, ...node] = scripts.copy.split(' ');
  const env = { PATH: process.env.PATH, INIT_CWD: cwd };
  const { status, stderr } = spawnSync(process.execPath, [...node, ...args], {
    cwd: path.join(__dirname, '../../..'),
    env,
    encoding: 'utf8',
  });
  return { status, stderr };
}

test('paths are read from the folder that npm was called in, and exit code 2 says that the command is not understood', () => {
  const folder = temporaryFolder();
  expect(ran(folder, 'aws/foundation/network', 'nowhere')).toEqual({
    status: 1,
    stderr: expect.stringContaining(`${path.join(folder, 'nowhere')} is not a folder. `),
  });
  expect(ran(folder, 'aws/foundation/nothing', '.')).toEqual({
    status: 2,
    stderr: '"aws/foundation/nothing" cannot be copied. Run with --list to see everything that can. See npm run copy -- --help.\n',
  });
});

test('--help', async () => {
  const { code, text } = await run(root, '--help');
  expect(code).toBe(0);
  expectText('bin/copy/help.txt', `${text}\n`);
});

test('a buffer, a processor and a store come with the handler that reads the one and writes the other, and with lines that use them', async () => {
  const app = emptyApp();
  const { code, text } = await run(root, KINESIS, 'aws/processing/lambda', 'aws/store/s3', app, '--into', 'src/platform/');
  expect(code).toBe(0);
  const commit = git(root, 'rev-parse', 'HEAD').trim();
  const mark = JSON.parse(readFileSync(path.join(app, '.blueprints.json'), 'utf8'));
  expect(mark).toMatchObject({
    commit,
    copied: [KINESIS, 'aws/handlers/kinesis-to-s3', 'aws/processing/lambda', 'aws/store/s3'],
    into: 'src/platform',
  });
  expect(filesIn(path.join(app, 'src/platform'))).toEqual(Object.keys(mark.files));
  expectText('bin/copy/copy.txt', `${shown(text, app)}\n`);
});

test('a handler of new objects comes with its queue and the store that has them, if there is another store for the rows', async () => {
  const handlers = async (...stores: readonly string[]) => {
    const names = ['buffer/service-bus', 'processing/functions', ...stores.map((store) => `store/${store}`)];
    const app = emptyApp();
    await run(root, ...names.map((name) => `azure/${name}`), app);
    const { copied } = JSON.parse(readFileSync(path.join(app, '.blueprints.json'), 'utf8'));
    return copied.filter((name: string) => name.includes('blob-by'));
  };
  expect(await handlers('blob', 'cosmos')).toEqual(['azure/handlers/blob-by-service-bus-to-cosmos']);
  expect(await handlers('cosmos')).toEqual([]);
  expect(await handlers('blob')).toEqual([]);
});

test('a second copy adds to the first, and leaves what was changed as it is', async () => {
  const app = emptyApp();
  await run(root, 'aws/store/s3', app, '--into', 'src');
  edit(app, 'src/aws/store/s3/s3-store.ts', (text) => `${text}// Ours.\n`);
  const { code, text } = await run(root, KINESIS, app);
  expect(code).toBe(0);
  expect(text).toMatch(
    /^Copied \d+ files to .*\/src\. \d+ of \d+ exist already\.\n {2}src\/aws\/store\/s3\/s3-store\.ts keeps your changes\.\n/,
  );
  expect(readFileSync(path.join(app, 'src/aws/store/s3/s3-store.ts'), 'utf8')).toMatch(/\/\/ Ours\.\n$/);
});

test.each<[string, string, string]>([
  [
    'a file of the project',
    'shared/synth/settings.ts',
    'shared/synth/settings.ts already exists with other content. Move it, or copy with --into.',
  ],
  ['a file where a folder belongs', 'shared/synth', 'shared/synth already exists and is not a folder. Move it.'],
  ['a folder where a file belongs', 'shared/synth/settings.ts/x', 'shared/synth/settings.ts already exists and is a folder. Move it.'],
])('%s that is in the way is told in a line, and nothing is written', async (_, file, line) => {
  const app = temporaryFolder();
  mkdirSync(path.dirname(path.join(app, file)), { recursive: true });
  writeFileSync(path.join(app, file), 'Mine.');
  expect((await run(root, KINESIS, app)).refused).toBe(line);
  expect(filesIn(app)).toEqual([file]);
});

test('--dry-run writes nothing, and says what would be written', async () => {
  const app = temporaryFolder();
  const { code, text } = await run(root, KINESIS, app, '--dry-run');
  expect(code).toBe(0);
  expect(text).toMatch(/^Would copy \d+ files to .*\.\n {2}aws\/buffer\/kinesis\/kinesis-buffer\.ts\n/);
  expect(filesIn(app)).toEqual([]);
});

test('what is not committed here is not copied, since an update could not find it', async () => {
  const app = temporaryFolder();
  const file = 'aws/buffer/kinesis/kinesis-buffer.ts';
  const before = readFileSync(path.join(root, file));
  edit(root, file, (text) => `${text}// Not committed.\n`);
  const { refused } = await run(root, KINESIS, app);
  writeFileSync(path.join(root, file), before);
  expect(refused).toBe(`${file} is not committed, so a later update could not find the copied version. Run git commit or git stash first.`);
  expect(filesIn(app)).toEqual([]);
});

test('packages that the project has in that version or a later one are not installed again, and its settings are looked at', async () => {
  const app = temporaryFolder();
  const dependencies = { 'aws-cdk-lib': '^99.0.0', constructs: '^10.0.0' };
  writeFileSync(
    path.join(app, 'package.json'),
    JSON.stringify({ type: 'module', dependencies, devDependencies: { 'ts-jest': '^29.4.15', typescript: '^7.0.2' } }),
  );
  writeFileSync(path.join(app, 'cdktf.json'), JSON.stringify({ app: 'npx ts-node main.ts' }));
  writeFileSync(
    path.join(app, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: { target: 'ES2018', lib: ['es2018'], module: 'CommonJS' } }),
  );
  const { install, settings } = JSON.parse((await run(root, 'aws/store/s3', app, '--json')).text);
  expect(install).toEqual([
    expect.stringMatching(/^npm install --save-exact --save-dev typescript@6[\d.]+ tsx@[\d.]+$/),
    expect.stringMatching(/^npm install --save-exact constructs@[\d.]+$/),
  ]);
  expect(settings).toEqual([
    'package.json: remove "type": "module", because the copied code is CommonJS',
    'cdktf.json: "app": "npx tsx main.ts", because ts-node does not work with TypeScript 7',
    'tsconfig.json: "target": "es2022" or later',
    'tsconfig.json: "lib": ["es2022"] or later',
    'tsconfig.json: "esModuleInterop": true',
  ]);
});

test('a construct whose neighbours are not copied is named, with what it takes', async () => {
  const app = temporaryFolder();
  const { uses } = JSON.parse((await run(root, KINESIS, 'aws/processing/lambda', app, '--json')).text);
  expect(uses[0].hints).toEqual([
    'LambdaProcessor is not in this example: in aws/architectures/pipeline.ts it uses aws/store/s3, which is not copied. Copy it too, or use your own.',
  ]);
  // Its handler is there for a store of one's own.
  expect(filesIn(app)).toContain('aws/handlers/kinesis-to-s3/main.ts');
});

test.each<[string, readonly string[], RegExp | string]>([
  [
    'a folder that is not there',
    [KINESIS, '/nowhere'],
    '/nowhere is not a folder. The last argument must be the folder of your project. Create it first, with npx cdk init app --language typescript or npx cdktf init.',
  ],
  [
    'this repository itself',
    [KINESIS, path.join(root, 'aws')],
    `${path.join(root, 'aws')} is in this repository. Copy into a project outside of it.`,
  ],
  ['a name that there is not', ['aws/kinesis', '/tmp'], '"aws/kinesis" cannot be copied. Did you mean aws/buffer/kinesis?'],
  ['a name that is like none', ['aws/x/y', '/tmp'], '"aws/x/y" cannot be copied. Run with --list to see everything that can.'],
  ['no folder', [KINESIS], 'Give the name of what to copy, and the folder of your project.'],
  ['nothing', [], 'Give the name of what to copy, and the folder of your project.'],
  ['a way out of the project', [KINESIS, '/tmp', '--into', '../other'], '--into must be a folder within the project, got "../other".'],
  ['two things at once', ['--diff', '--update', '/tmp'], '--diff and --update exclude each other.'],
  ['an update of one service', ['--update', KINESIS, '/tmp'], '--diff and --update take only the folder of a project.'],
  [
    'an update of what is no copy',
    ['--update', temporaryFolder()],
    /^.* has no \.blueprints\.json: nothing was copied there by npm run copy\.$/,
  ],
])('%s is refused in one line', async (_, args, message) => {
  expect((await run(root, ...args)).refused).toMatch(message);
});
