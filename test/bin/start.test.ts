import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { listBlueprints, whyNotRun } from '../../bin/list';
import { orOneLine } from '../../bin/one-line';
import { writePicture } from '../../bin/picture';
import { start } from '../../bin/start';
import { scripts } from '../../package.json';
import { clone } from '../support/clone';
import { temporaryFolder } from '../support/folder';
import { expectText } from '../support/snapshot';

const root = path.join(__dirname, '../..');

/** `npm start -- ...` as a person runs it, with nothing else in the environment. */
function run(args: readonly string[], env: Record<string, string> = {}, cwd = root) {
  return spawnSync(process.execPath, [...scripts.start.split(' ').slice(1), ...args], {
    cwd,
    env: { PATH: process.env.PATH, NO_COLOR: '1', ...env },
    encoding: 'utf8',
  });
}

/** The same in this process: what it prints, and the code that it ends with. */
function started(args: readonly string[], env: Record<string, string> = {}) {
  const stdout: string[] = [];
  const stderr: string[] = [];
  const spies = [
    jest.spyOn(console, 'log').mockImplementation((line) => stdout.push(`${line}\n`)),
    jest.spyOn(console, 'error').mockImplementation((line) => stderr.push(`${line}\n`)),
    jest.spyOn(process.stderr, 'write').mockImplementation((text) => stderr.push(String(text)) > 0),
  ];
  try {
    orOneLine(() => start(args, env));
    return { status: process.exitCode ?? 0, stdout: stdout.join(''), stderr: stderr.join('') };
  } finally {
    for (const spy of spies) spy.mockRestore();
    process.exitCode = undefined;
  }
}

test('--help', () => {
  const { status, stdout } = started(['--help']);
  expect(status).toBe(0);
  expectText('bin/start.help.txt', stdout);
});

test('shows for each pipeline its stages, the way of an event, who may do what and how to deploy it, and loads no other blueprint', () => {
  const folder = temporaryFolder();
  const [spy, loaded] = [path.join(folder, 'spy.js'), path.join(folder, 'loaded.json')];
  writeFileSync(
    spy,
    `process.on('exit', () => require('fs').writeFileSync(${JSON.stringify(loaded)}, JSON.stringify(Object.keys(require.cache))));`,
  );
  const { status, stdout, stderr } = run([], { NODE_OPTIONS: `--require ${JSON.stringify(spy)}` });
  expect(stderr).toMatch(/^Synthesizing AWS \.\.\. [\d.]+ s\nSynthesizing Azure and GCP \.\.\. [\d.]+ s\n$/);
  expect(status).toBe(0);
  expectText('bin/start.txt', stdout);
  const files = (JSON.parse(readFileSync(loaded, 'utf8')) as string[]).map((file) => path.relative(root, file));
  expect(files.filter((file) => /^(aws|azure|gcp)\/(architectures\/|.*example\.ts$)/.test(file)).sort()).toEqual(
    ['aws', 'azure', 'gcp'].map((cloud) => `${cloud}/architectures/pipeline.ts`),
  );
});

test('--json says the same to machines, and --picture draws it', () => {
  const picture = path.join(temporaryFolder(), 'gcp.svg');
  const { status, stdout, stderr } = started(['gcp', '--json', '--picture', picture]);
  expect(status).toBe(0);
  expect(stderr).toContain(`The picture is in ${picture}. `);
  expect(readFileSync(picture, 'utf8')).toMatch(/^<svg [^>]*>\n<title>gcp-pipeline<\/title>[\s\S]*>Cloud Functions → BigQuery</);
  const [gcp, ...others] = JSON.parse(stdout);
  expect(others).toEqual([]);
  expect(gcp).toMatchObject({ stack: 'gcp-pipeline', template: 'cdktf.out/stacks/gcp-pipeline/cdk.tf.json' });
  expect(gcp.deploy.at(-1)).toContain('-var prefix=... -var project_id=...');
  // Several stacks stand one below the other.
  writePicture(picture, [gcp, { ...gcp, stack: 'aws-pipeline' }], (stack) => `of ${stack}`);
  expect(readFileSync(picture, 'utf8')).toMatch(/>of gcp-pipeline<[\s\S]*>of aws-pipeline</);
});

test('--cost shows what each stack costs at a rate of events, and what lowers it; --json says the same to machines', () => {
  const { status, stdout } = started(['aws', '--cost', '--events', '5M/day', '--size', '200B']);
  expect(status).toBe(0);
  expect(stdout).toMatch(
    /^\naws-pipeline at 57\.9 events\/s of 200 bytes, in USD at prices of us-east-1\n\n +idle +per million +a month\n/,
  );
  expect(stdout).toMatch(/^ +- +3\.50 +532 {2}API Gateway method: requests, one an event$/m);
  expect(stdout).toMatch(
    /\n {2}The three most expensive lines, and what lowers them\n +532 {2}API Gateway method: .*\n +Leave the entry out, and let senders .*\.\n/,
  );
  expect(stdout).toMatch(
    /\nList prices of \d{4}-\d\d-\d\d, written from memory, right to the order of magnitude\. Check them before you rely on them\.\n/,
  );
  const [gcp, ...others] = JSON.parse(started(['gcp', '--cost', '--json']).stdout);
  expect(others).toEqual([]);
  expect(gcp).toMatchObject({ stack: 'gcp-pipeline', region: 'us-central1', events: 1000, size: 1000 });
  expect(gcp.lines[0]).toMatchObject({ resource: 'Cloud Functions function', idle: 0 });
});

test('--environment shows what differs from the other environments, and how to deploy this one', () => {
  const { status, stdout } = started(['aws', 'gcp', '--environment', 'prod']);
  expect(status).toBe(0);
  const [, aws, gcp] = stdout.split(/^(?=\w+-pipeline-prod, )/m);
  expect(aws).toMatch(/^ {2}differs from dev\n(?: {4}.*\n)* {4}DeletionPolicy: Delete -> RetainExceptOnCreate +6 resources\n/m);
  expect(aws).toMatch(/^ {4}terminationProtection: false -> true +stack\n/m);
  expect(aws).toContain('\n  deploy   npx cdk deploy aws-pipeline-prod -c environment=prod\n');
  expect(gcp).toMatch(/^ {4}lifecycle: not set -> \{"prevent_destroy":true\} +6 resources\n/m);
  // What differs in nothing but the name of the stack is not told.
  expect(stdout).not.toMatch(/pipeline-?dev|pipelineprod/);
});

test('a blueprint that cannot run on this machine says why, instead of a command that would refuse it', () => {
  const { stdout } = started(['gcp', 'dataproc']);
  const { local } = listBlueprints(['gcp']).find(({ name }) => name === 'dataproc')!;
  expect(stdout).toContain(`\nEvents do not go through it on this machine: ${whyNotRun(local)}.\n`);
  expect(whyNotRun(local)).toMatch(/^dataproc: \w+/);
  expect(stdout).not.toContain('npm run local');
});

describe('another blueprint', () => {
  // A clone that has one more, on one cloud, and one that cannot be loaded.
  let cwd: string;
  beforeAll(() => {
    cwd = clone();
    const lake = "import { AwsPipeline } from './pipeline';\n/** A lake. */\nexport class Lake extends AwsPipeline {}";
    writeFileSync(path.join(cwd, 'aws/architectures/lake.ts'), lake);
    writeFileSync(path.join(cwd, 'gcp/architectures/broken.ts'), "/** It breaks. */\nexport class Broken {}\nthrow new Error('loaded');");
  });

  test('is built by its name before the environment on the clouds that have it, and one line says which have not', () => {
    const { status, stdout, stderr } = run(['lake'], { BLUEPRINT: 'broken', REMOVAL: 'retain' }, cwd);
    expect(stderr).toMatch(/^Azure and GCP have no blueprint lake\.\nSynthesizing AWS \.\.\. [\d.]+ s\n$/);
    expect(stdout).toMatch(/^\naws-lake, \d+ resources in cdk\.out\/aws-lake\.template\.json\n/);
    expect(stdout).toContain('\n  deploy   REMOVAL=retain npx cdk deploy aws-lake -c blueprint=lake\n');
    expect(stdout).toMatch(
      /\n\nTo see events .*: npm run local -- lake\nWhat it costs.*: npm start -- lake --cost\nBefore the first deploy .* what a change would do: npm start -- lake --against main, npx cdk diff -c blueprint=lake\.\n$/,
    );
    expect(status).toBe(0);
  });

  test('is named as the CDK is told, and refused on a cloud that has it not, with those that have', () => {
    expect(run(['azure', '-c', 'blueprint=lake'], {}, cwd)).toMatchObject({
      status: 1,
      stdout: '',
      stderr: 'Azure has no blueprint lake. It is a blueprint of AWS.\n',
    });
  });

  test('is in the list, where none is loaded', () => {
    const { status, stdout, stderr } = run(['--list'], {}, cwd);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/^AWS\n(?: .*\n)* {2}lake +A lake\.\n {2}pipeline +Events are sent/);
    expect(stdout).toMatch(/^GCP\n {2}broken +It breaks\.$/m);
    const listed = JSON.parse(run(['--list', '--json', 'aws', 'lake'], {}, cwd).stdout);
    expect(listed).toEqual([{ cloud: 'aws', name: 'lake', what: 'A lake.', stages: {} }]);
  });
});

describe('one line for', () => {
  test.each([
    [
      'a picture of what no events go through',
      ['aws', 'github', '--picture', 'none.svg'],
      {},
      1,
      /^--picture draws the path of events, and no events go through aws-github\.$/m,
    ],
    ['a picture of a cost', ['--cost', '--picture', 'cost.svg'], {}, 2, /^--cost and --picture exclude each other\. See /],
    ['an option that it does not know', ['--fast'], {}, 2, /^Unknown option '--fast'\. See npm start -- --help\.\n$/],
    ['an option that takes no value', ['--json=yes'], {}, 2, /^Option '--json' does not take an argument\. See npm start -- --help\.\n$/],
    [
      'two blueprints',
      ['pipeline', '-c', 'blueprint=pipeline'],
      {},
      2,
      /^one blueprint is built at a time, got pipeline and pipeline\. See npm start -- --help\.\n$/,
    ],
    ['a context of another command', ['-c', 'notify=x'], {}, 2, /^-c takes blueprint=NAME, got "notify=x"\. See npm start -- --help\.\n$/],
    [
      'a word that it does not know',
      ['ibm'],
      {},
      2,
      /^"ibm" is no cloud, which are aws, azure, gcp, and no blueprint, which --list shows\. See npm start -- --help\.\n$/,
    ],
    [
      'a rate that it cannot read',
      ['--cost', '--events', '1000'],
      {},
      2,
      /^--events must be a rate such as 1000\/s, 2\/min or 5M\/day, got "1000"\. See npm start -- --help\.\n$/,
    ],
    [
      'a size that no cloud takes',
      ['--cost', '--size', '2000kB'],
      {},
      2,
      /^--size must be the size of an event such as 200B, 1kB or 256kB, up to 1000kB, got "2000kB"\. See npm start -- --help\.\n$/,
    ],
    [
      'a rate without what it is for',
      ['--events', '1000/s'],
      {},
      2,
      /^--events is an option of --cost, which is not there\. See npm start -- --help\.\n$/,
    ],
    [
      'a comparison and a cost',
      ['--cost', '--against', 'main'],
      {},
      2,
      /^--against and --cost exclude each other\. See npm start -- --help\.\n$/,
    ],
    [
      'a comment without a comparison',
      ['--markdown'],
      {},
      2,
      /^--markdown is an option of --against, which is not there\. See npm start -- --help\.\n$/,
    ],
    [
      'two forms at once',
      ['--against', 'main', '--json', '--markdown'],
      {},
      2,
      /^--markdown and --json exclude each other\. See npm start -- --help\.\n$/,
    ],
    [
      'a blueprint that it does not know',
      ['aws'],
      { BLUEPRINT: 'lake' },
      1,
      /^the blueprint must be one of [\w, -]*pipeline[\w, -]*, got "lake"\. Leave it out for the minimal pipelines; npm start -- --list shows all\.$/m,
    ],
    [
      'a removal that it does not know',
      ['aws'],
      { REMOVAL: 'all' },
      1,
      /^REMOVAL must be retain or destroy, got "all". Leave it out to keep the data when a stack is deleted.$/m,
    ],
    [
      'one key to destroy',
      ['aws'],
      { REMOVAL: 'destroy' },
      1,
      /^aws-pipeline\/Store: removal 'destroy' needs the context destroyData to be "yes", got nothing\./m,
    ],
  ])('%s', (_, args, env, code, message) => {
    const { status, stdout, stderr } = started(args, env as Record<string, string>);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(stdout).toBe('');
    expect(status).toBe(code);
  });
});
