import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { strFromU8, unzipSync } from 'fflate';
import { packageCode } from '../../../../shared/synth/handler-package';
import { temporaryFolder } from '../../../support/folder';
import { type Answer, loopback } from '../../../support/loopback';

const folder = path.join(temporaryFolder(), 'function');
const files = unzipSync(readFileSync(packageCode('aws/foundation/sql/migrate').zip));
mkdirSync(folder);
for (const [name, content] of Object.entries(files)) writeFileSync(path.join(folder, name), content);

const settings = {
  CLUSTER_ARN: 'arn:aws:rds:eu-west-1:123456789012:cluster:mine',
  DATABASE: 'events',
  MASTER_SECRET_ARN: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:master',
  WRITER_SECRET_ARN: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:writer',
  READER_SECRET_ARN: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:reader',
};
const lambda = { AWS_REGION: 'eu-west-1', AWS_ACCESS_KEY_ID: 'nobody', AWS_SECRET_ACCESS_KEY: 'nothing' };
const sealed = { AWS_EC2_METADATA_DISABLED: 'true', AWS_CONFIG_FILE: '/dev/null', AWS_SHARED_CREDENTIALS_FILE: '/dev/null' };

/** A request to the Data API. */
interface Call {
  readonly operation: string;
  readonly body: { readonly sql?: string; readonly [field: string]: unknown };
}

/** Call the bundle in its own process, with only this environment, and with a Data API that responds with `answer`. */
async function deploy(answer: (call: Call, before: number) => Answer | undefined = () => undefined, env: Partial<typeof settings> = {}) {
  const calls: Call[] = [];
  const rdsData = await loopback(({ url }, body) => {
    const call: Call = { operation: url!.slice(1), body: JSON.parse(body.toString()) };
    calls.push(call);
    const ok = { status: 200, body: JSON.stringify(call.operation === 'Execute' ? { formattedRecords: '[]' } : { transactionId: 't' }) };
    return answer(call, calls.length - 1) ?? ok;
  });
  const secretsManager = await loopback((_, body) => {
    const username = JSON.parse(body.toString()).SecretId.split(':').at(-1);
    return { status: 200, body: JSON.stringify({ SecretString: JSON.stringify({ username, password: `${username}Secret` }) }) };
  });
  // Here, the wait for a database that resumes takes no time.
  const script = `require('node:timers/promises').setTimeout = async () => {}; require('./index.js').handler().then(() => console.log('done'))`;
  const endpoints = { AWS_ENDPOINT_URL_RDS_DATA: rdsData, AWS_ENDPOINT_URL_SECRETS_MANAGER: secretsManager };
  const child = spawn(process.execPath, ['-e', script], { cwd: folder, env: { ...lambda, ...sealed, ...settings, ...endpoints, ...env } });
  const [stdout, stderr] = await Promise.all(
    [child.stdout, child.stderr].map(async (stream) => Buffer.concat(await stream.toArray()).toString()),
  );
  return { calls, stdout: stdout!, stderr: stderr! };
}

const fault = (code: string, message: string): Answer => ({
  status: 400,
  headers: { 'x-amzn-errortype': code },
  body: JSON.stringify({ message }),
});

test('a deploy runs every file in a transaction, as the master user', async () => {
  const { calls, stdout } = await deploy();
  expect(stdout).toContain('done');
  const transactions = calls.map(({ operation }) => operation[0]).join('');
  expect(transactions).toMatch(/^(BE+C){4,}$/);
  const [first] = calls;
  expect(first!.body).toEqual({
    resourceArn: settings.CLUSTER_ARN,
    secretArn: settings.MASTER_SECRET_ARN,
    database: 'events',
  });
  expect(calls.filter(({ operation }) => operation === 'Execute').every(({ body }) => body.transactionId === 't')).toBe(true);
  for (const file of Object.keys(files).filter((name) => name.endsWith('.sql'))) {
    const [statement] = strFromU8(files[file]!).split('\n\n');
    expect(calls.map(({ body }) => body.sql)).toContain(statement);
  }
});

test('no request contains a password', async () => {
  const { calls, stdout, stderr } = await deploy();
  const everything = JSON.stringify(calls) + stdout + stderr;
  expect(everything).toContain('"stringValue":"writer"');
  expect(everything).not.toMatch(/writerSecret|readerSecret/);
});

test('a failed statement rolls back its file, and fails the deploy with the message of the database', async () => {
  const { calls, stderr, stdout } = await deploy(({ body }) =>
    body.sql?.includes('CREATE TABLE IF NOT EXISTS events')
      ? fault('DatabaseErrorException', 'ERROR: no room; SQLState: 53100')
      : undefined,
  );
  expect(calls.at(-1)).toMatchObject({ operation: 'RollbackTransaction', body: { transactionId: 't' } });
  expect(stderr).toContain('ERROR: no room; SQLState: 53100');
  expect(stdout).not.toContain('done');
});

test('a paused database is called again until it is available', async () => {
  const { calls, stdout } = await deploy((_, before) => (before < 3 ? fault('DatabaseResumingException', 'It is resuming.') : undefined));
  expect(calls.slice(0, 5).map(({ operation }) => operation)).toEqual([...Array(4).fill('BeginTransaction'), 'Execute']);
  expect(stdout).toContain('done');
});

test('a database that is never available fails the deploy', async () => {
  const { calls, stderr } = await deploy(() => fault('DatabaseNotFoundException', 'There is no such database.'));
  expect(calls).toHaveLength(12);
  expect(stderr).toContain('There is no such database.');
});

test.each(Object.keys(settings))('a function without %s throws an error with the remedy', async (name) => {
  const { stderr } = await deploy(undefined, { [name]: '' });
  expect(stderr).toContain(`Error: The setting ${name} is missing.`);
});

test('the bundle is one file of code under 1 MB that names no folder of this machine, and the SQL', () => {
  expect(Object.keys(files)).toEqual(['0001-events.sql', 'index.js']);
  expect(files['index.js']!.length).toBeLessThan(1_000_000);
  expect(strFromU8(files['index.js']!)).not.toContain(path.join(__dirname, '../../../..'));
});
