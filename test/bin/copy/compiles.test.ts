import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import path from 'node:path';
import { App } from 'aws-cdk-lib';
import * as cdktf from 'cdktf';
import { strFromU8, unzipSync } from 'fflate';
import ts from 'typescript';
import { catalogOf } from '../../../bin/copy/choice';
import { select } from '../../../bin/copy/copy';
import type * as packages from '../../../shared/synth/handler-package';
import { CLIENT_ENVIRONMENT, s3 } from '../../support/aws-stand-ins';
import { committed, edit, emptyApp, git, run } from '../../support/copies';
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
    const ofPackages = ownFiles(folder).filter((file) => /\.(js|cjs|mjs|d\.ts)$|(^|\/)(facts|promises)\.ts$/.test(file));
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
    writeFileSync(path.join(app, '.gitignore'), readFileSync(path.join(ROOT, 'node_modules', file)));
    const known = git(app, 'ls-files', '-z', '--others', '--exclude-standard').split('\0').filter(Boolean);
    expect(known.sort()).toEqual(
      ownFiles(app)
        .filter((one) => !one.startsWith('.git/'))
        .sort(),
    );
  },
);

test('everything, and the lines of use of each service alone, compiles as strictly as cdk init and cdktf init ask together', () => {
  const alone = [...services, ...blueprints].flatMap((name) =>
    select([name], ROOT, { into: '', project: app }).uses.map((use) => ({ name, use })),
  );
  const together = ['aws', 'azure', 'gcp'].flatMap((cloud) =>
    select(
      services.filter((name) => name.startsWith(`${cloud}/`)),
      ROOT,
      { into: '', project: app },
    ).uses.map((use) => ({ name: cloud, use })),
  );
  for (const { name, use } of [...alone, ...together]) {
    if (use.lines.length === 0) continue;
    const file = path.join(app, path.dirname(use.file), `${name.replaceAll('/', '-').replace(/\.ts$/, '')}.ts`);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, `${use.lines.join('\n')}\nexport {};\n`);
  }
  expect(faultsOf(app)).toEqual([]);
});

/** What the compiler says of an app, in strict settings. */
function faultsOf(folder: string): string[] {
  const { config } = ts.readConfigFile(path.join(folder, 'tsconfig.json'), ts.sys.readFile);
  Object.assign(config.compilerOptions, {
    // What cdktf init asks for besides.
    noUnusedLocals: true,
    noUnusedParameters: true,
    noFallthroughCasesInSwitch: true,
    strictPropertyInitialization: true,
    // The tests of Jest are none of ours; and the types of all AWS, which the barrel brings, take half a minute to read.
    types: ['node'],
    paths: { 'aws-cdk-lib': ['./node_modules/aws-cdk-lib/core/index.d.ts'] },
  });
  const { options, fileNames } = ts.parseJsonConfigFileContent(config, ts.sys, folder);
  const key = createHash('sha256')
    .update(ts.version + JSON.stringify(config))
    .update(readFileSync(path.join(ROOT, 'package-lock.json')));
  for (const file of fileNames) key.update(`\0${path.relative(folder, file)}\0`).update(readFileSync(file));
  // It takes its time, so what was found right is not asked again for as long as nothing of it changes.
  const known = path.join(ROOT, 'node_modules/.cache/copies', key.digest('hex'));
  if (existsSync(known)) return [];
  const program = ts.createProgram(fileNames, options);
  const own = program.getSourceFiles().filter(({ fileName }) => fileNames.includes(fileName));
  const found = [
    ...program.getOptionsDiagnostics(),
    ...own.flatMap((file) => [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)]),
  ];
  const faults = found.map(
    ({ file, messageText }) => `${file && path.relative(folder, file.fileName)}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`,
  );
  if (faults.length === 0) {
    mkdirSync(path.dirname(known), { recursive: true });
    writeFileSync(known, '');
  }
  return faults;
}

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
  const { zip } = packageHandler('aws/handlers/kinesis-to-s3');
  expect(zip.startsWith(path.join(app, 'node_modules/.cache/'))).toBe(true);
  const file = path.join(temporaryFolder(), 'index.js');
  writeFileSync(file, strFromU8(unzipSync(readFileSync(zip))['index.js']!));
  const store = await s3();
  const settings = {
    PROCESSOR: 'press',
    DEAD_LETTER_QUEUE_URL: 'http://127.0.0.1:9/queue',
    STORE_BUCKET: 'my-bucket',
    STORE_PREFIX: 'events/',
  };
  Object.assign(process.env, CLIENT_ENVIRONMENT, store.environment, settings);
  const event = { specversion: '1.0', id: '1', source: '/test', type: 'test', time: '2026-01-31T08:29:59Z', data: 'ü' };
  const { Records } = BATCHES.kinesis!([JSON.stringify(event)]);
  expect(await require(file).handler({ Records }, { getRemainingTimeInMillis: () => 60_000 })).toEqual({ batchItemFailures: [] });
  expect(await store.ids()).toEqual(['1']);
});

test('in a folder of a project, a package that is missing is told in one line, with its version', async () => {
  const folder = temporaryFolder();
  for (const [file, text] of Object.entries({ 'package.json': '{}', 'tsconfig.json': '{}' })) writeFileSync(path.join(folder, file), text);
  await run(root, 'aws/handlers/kinesis-to-s3', 'azure/handlers/event-hubs-to-blob', folder, '--into', 'src/platform');
  // What bundles is there, and nothing that is bundled.
  mkdirSync(path.join(folder, 'node_modules'));
  for (const name of ['esbuild', 'fflate']) symlinkSync(path.join(ROOT, 'node_modules', name), path.join(folder, 'node_modules', name));
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
