import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import path from 'node:path';
import { App } from 'aws-cdk-lib';
import * as cdktf from 'cdktf';
import { strFromU8, unzipSync } from 'fflate';
import ts from 'typescript';
import { catalogOf } from '../../../bin/copy/choice';
import { linkPackages, PACKAGES } from '../../../bin/installed';
import type * as packages from '../../../shared/synth/handler-package';
import { CLIENT_ENVIRONMENT, s3 } from '../../support/aws-stand-ins';
import { committed, edit, emptyApp, git, PLAIN_TRANSFORM, run } from '../../support/copies';
import { temporaryFolder } from '../../support/folder';
import { BATCHES } from '../../support/lambda-events';

const ROOT = path.join(__dirname, '../../..');
const PIPELINES = ['aws', 'azure', 'gcp'].map((cloud) => `${cloud}/architectures/pipeline.ts`);
const { services, handlers, blueprints } = catalogOf(ROOT);
const root = committed();

/** One app that holds everything. What is copied alone is a part of it. */
const app = emptyApp();
beforeAll(async () => {
  const { refused } = await run(root, ...services, ...handlers, ...blueprints, app);
  if (refused !== undefined) throw new Error(refused);
});

const ownFiles = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .filter((file) => !file.startsWith('node_modules/'));

describe.each([...services, ...PIPELINES])('a copy of %s', (name) => {
  const folder = temporaryFolder();

  test('imports nothing but itself and the packages that it says', async () => {
    const { text } = await run(root, name, folder, '--json');
    const { packages } = JSON.parse(text) as { packages: Record<string, string> };
    const listed = (imported: string) => [imported, `@types/${imported}`].some((one) => packages[one] !== undefined) || isOfNode(imported);
    const isOfNode = (imported: string) => packages['@types/node'] !== undefined && builtinModules.includes(imported.replace('node:', ''));
    const lacking = ownFiles(folder)
      .filter((file) => file.endsWith('.ts'))
      .flatMap((file) => importsOf(folder, file).map((imported) => [file, imported] as const))
      .filter(([, imported]) => !['.ts', ''].some((end) => existsSync(path.join(folder, `${imported}${end}`))) && !listed(imported));
    expect(lacking).toEqual([]);
    const isOurs = (file: string) => existsSync(path.join(__dirname, '../../..', file));
    const ofPackages = ownFiles(folder).filter(
      (file) => /(^|\/)(facts|promises)\.ts$/.test(file) || (/\.(js|cjs|mjs|d\.ts)$/.test(file) && !isOurs(file)),
    );
    expect(ofPackages).toEqual([]);
  });
});

/** What a file imports: others by their path within the copy, packages by their name. */
function importsOf(folder: string, file: string): string[] {
  const { importedFiles } = ts.preProcessFile(readFileSync(path.join(folder, file), 'utf8'), true, true);
  return importedFiles.map(({ fileName }) =>
    fileName.startsWith('.') ? path.join(path.dirname(file), fileName) : fileName.replace(/^((?:@[^/]+\/)?[^/]+).*$/, '$1'),
  );
}

test.each(['aws-cdk/lib/init-templates/app/typescript/.template.gitignore', 'cdktf-cli/bundle/templates/typescript/{{}}.gitignore'])(
  'a clone of the app has every file of the copy, with the .gitignore of %s',
  (file) => {
    git(app, 'init', '--quiet');
    writeFileSync(path.join(app, '.gitignore'), readFileSync(path.join(PACKAGES, file)));
    const known = git(app, 'ls-files', '-z', '--others', '--exclude-standard').split('\0').filter(Boolean);
    expect(known.sort()).toEqual(
      ownFiles(app)
        .filter((one) => !one.startsWith('.git/'))
        .sort(),
    );
  },
);

test('the copied pipeline of AWS makes the same template as here', () => {
  const template = (folder: string) => {
    const { AwsPipeline } = require(path.join(folder, PIPELINES[0]!));
    const cdk = new App({ outdir: temporaryFolder(), context: { 'aws:cdk:disable-creation-stack-traces': true } });
    return new AwsPipeline(cdk, 'aws-pipeline') && cdk.synth().stacks[0]!.template;
  };
  expect(template(app)).toEqual(template(ROOT));
});

test.each([
  ['Azure', 'AzurePipeline', PIPELINES[1]!],
  ['GCP', 'GcpPipeline', PIPELINES[2]!],
])('the copied pipeline of %s makes the same template as here', (_, name, file) => {
  const template = (folder: string) => {
    const outdir = temporaryFolder();
    const made = new cdktf.App({ outdir, skipValidation: true });
    new (require(path.join(folder, file))[name])(made, 'pipeline');
    made.synth();
    return JSON.parse(readFileSync(path.join(outdir, 'stacks/pipeline/cdk.tf.json'), 'utf8'));
  };
  expect(template(app)).toEqual(template(ROOT));
});

test('a handler that is bundled in a copy runs', async () => {
  const { packageHandler }: typeof packages = require(path.join(app, 'shared/synth/handler-package'));
  edit(app, 'shared/runtime/transform.ts', () => PLAIN_TRANSFORM);
  const { zip } = packageHandler('aws/handlers/kinesis-to-s3');
  expect(zip.startsWith(path.join(app, 'node_modules/.cache/'))).toBe(true);
  const folder = temporaryFolder();
  writeFileSync(path.join(folder, 'index.js'), strFromU8(unzipSync(readFileSync(zip))['index.js']!));
  const store = await s3();
  const event = { specversion: '1.0', id: '1', source: '/test', type: 'test', time: '2026-01-31T08:29:59Z', data: 'ü' };
  const { Records } = BATCHES.kinesis!([JSON.stringify(event)]);
  const settings = {
    PROCESSOR: 'press',
    DEAD_LETTER_QUEUE_URL: 'http://127.0.0.1:9/queue',
    STORE_BUCKET: 'my-bucket',
    STORE_PREFIX: 'events/',
  };
  const env = { ...CLIENT_ENVIRONMENT, ...store.environment, ...settings };
  const call = `require('./index.js').handler(${JSON.stringify({ Records })}, { getRemainingTimeInMillis: () => 60_000 })`;
  // A process of its own, as Lambda has it: its clients keep their connections.
  const child = spawn(process.execPath, ['-e', `${call}.then((answer) => console.log(JSON.stringify(answer)))`], { cwd: folder, env });
  const stdout = Buffer.concat(await child.stdout.toArray()).toString();
  expect(stdout.trim().split('\n').at(-1)).toBe('{"batchItemFailures":[]}');
  expect(await store.ids()).toEqual(['1']);
});

test('in a folder of a project, a package that is missing is told in one line, with its version', async () => {
  const folder = temporaryFolder();
  for (const [file, text] of Object.entries({ 'package.json': '{}', 'tsconfig.json': '{}' })) writeFileSync(path.join(folder, file), text);
  await run(root, 'aws/handlers/kinesis-to-s3', 'azure/handlers/event-hubs-to-blob', folder, '--into', 'src/platform');
  // What bundles is there, and nothing that is bundled.
  linkPackages(folder, ['esbuild', 'fflate']);
  const { packageHandler }: typeof packages = require(path.join(folder, 'src/platform/shared/synth/handler-package'));
  const { devDependencies: pinned } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'));
  const aws = ['@aws-sdk/client-s3', '@aws-sdk/client-sqs', 'ajv', 'lossless-json'].map(
    (name) => [name, `${name}@${pinned[name]}`] as const,
  );
  const fault = (handler: string) => {
    try {
      packageHandler(handler);
    } catch (error) {
      return (error as Error).message;
    }
    return undefined;
  };
  const message = fault('aws/handlers/kinesis-to-s3')!;
  expect(message).toMatch(/^aws\/handlers\/kinesis-to-s3 needs the packages .*, which are not installed\. Run npm install .*\.$/);
  for (const [name, version] of aws) {
    expect(message).toContain(name);
    expect(message).toContain(version);
  }
  edit(folder, 'src/platform/aws/handlers/kinesis-to-s3/main.ts', () => 'export const handler = ;');
  expect(fault('aws/handlers/kinesis-to-s3')).toBe(
    'aws/handlers/kinesis-to-s3 cannot be bundled: aws/handlers/kinesis-to-s3/main.ts:1: Unexpected ";".',
  );
});
