import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { strFromU8, unzipSync } from 'fflate';
// The bundle is what runs. This file is its entry.
import type { handler } from '../../../../aws/processing/flink/control/main';
import { packageCode } from '../../../../shared/synth/handler-package';
import { temporaryFolder } from '../../../support/folder';
import { type Answer, loopback } from '../../../support/loopback';

const folder = path.join(temporaryFolder(), 'function');
const files = unzipSync(readFileSync(packageCode('aws/processing/flink/control').zip));
mkdirSync(folder);
for (const [name, content] of Object.entries(files)) writeFileSync(path.join(folder, name), content);

const settings = { APPLICATION: 'Counts-1', SNAPSHOT: 'latest', NON_RESTORED_STATE: 'keep' };
const lambda = { AWS_REGION: 'eu-west-1', AWS_ACCESS_KEY_ID: 'nobody', AWS_SECRET_ACCESS_KEY: 'nothing' };
const sealed = { AWS_EC2_METADATA_DISABLED: 'true', AWS_CONFIG_FILE: '/dev/null', AWS_SHARED_CREDENTIALS_FILE: '/dev/null' };
const request: Partial<Parameters<typeof handler>[0]> = { RequestId: 'r', StackId: 's', LogicalResourceId: 'Start' };

interface Told {
  /** The status at each look. The last one stays. `none` is no application. */
  readonly statuses: readonly string[];
  readonly env?: Partial<typeof settings>;
  /** The application of the resource. */
  readonly of?: string;
}

/** Call the bundle in its own process, as CloudFormation does, with an API that knows one application. */
async function call(RequestType: 'Create' | 'Update' | 'Delete', { statuses, env = {}, of = 'Counts-1' }: Told) {
  const left = [...statuses];
  const operations: string[] = [];
  const api = await loopback(({ headers }) => {
    const operation = String(headers['x-amz-target']).split('.').at(-1)!;
    operations.push(operation);
    if (operation !== 'DescribeApplication') return { status: 200, body: '' };
    const ApplicationStatus = left.length > 1 ? left.shift() : left[0];
    if (ApplicationStatus === 'none') return fault('ResourceNotFoundException', 'There is no such application.');
    return { status: 200, body: JSON.stringify({ ApplicationDetail: { ApplicationName: 'Counts-1', ApplicationStatus } }) };
  });
  const answers: any[] = [];
  const cloudFormation = await loopback(({ method, headers }, body) => {
    answers.push({ method, type: headers['content-type'], ...JSON.parse(body.toString()) });
    return { status: 200 };
  });
  // Here, the wait between two looks takes no time.
  const script = `require('node:timers/promises').setTimeout = async () => {};
    const context = { getRemainingTimeInMillis: () => 900_000 };
    require('./index.js').handler(${JSON.stringify({ ...request, RequestType, ResponseURL: cloudFormation, ResourceProperties: { Application: of } })}, context);`;
  const child = spawn(process.execPath, ['-e', script], {
    cwd: folder,
    env: { ...lambda, ...sealed, AWS_ENDPOINT_URL_KINESIS_ANALYTICS_V2: api, ...settings, ...env },
  });
  const [, stderr] = await Promise.all(
    [child.stdout, child.stderr].map(async (stream) => Buffer.concat(await stream.toArray()).toString()),
  );
  return { answers, operations, stderr: stderr! };
}

const fault = (code: string, message: string): Answer => ({
  status: 400,
  headers: { 'x-amzn-errortype': code },
  body: JSON.stringify({ __type: code, message }),
});

test('CloudFormation is told that the application runs', async () => {
  const { answers } = await call('Create', { statuses: ['READY', 'RUNNING'] });
  const answer = { RequestId: 'r', StackId: 's', LogicalResourceId: 'Start', PhysicalResourceId: 'Counts-1', Status: 'SUCCESS' };
  expect(answers).toEqual([{ method: 'PUT', type: '', ...answer }]);
});

test('CloudFormation is told why the application does not run', async () => {
  const { answers } = await call('Update', { statuses: ['none'] });
  expect(answers).toEqual([
    expect.objectContaining({ Status: 'FAILED', Reason: 'ResourceNotFoundException: There is no such application.' }),
  ]);
});

test('before its resource is deleted, the application is stopped', async () => {
  const { answers, operations } = await call('Delete', { statuses: ['RUNNING', 'READY'] });
  expect([answers[0].Status, operations]).toEqual(['SUCCESS', ['DescribeApplication', 'StopApplication', 'DescribeApplication']]);
});

test('when an application was replaced, the deletion of the old resource does not stop the new application', async () => {
  const { answers, operations } = await call('Delete', { statuses: ['RUNNING', 'READY'], of: 'Counts-0' });
  expect([answers[0].Status, operations]).toEqual(['SUCCESS', []]);
});

test('a function without its settings throws an error with the remedy', async () => {
  const { stderr } = await call('Create', { statuses: ['READY'], env: { APPLICATION: '' } });
  expect(stderr).toContain('The setting APPLICATION is missing.');
});

test('the bundle is one file of code under 1 MB that names no folder of this machine', () => {
  expect(Object.keys(files)).toEqual(['index.js']);
  expect(files['index.js']!.length).toBeLessThan(1_000_000);
  expect(strFromU8(files['index.js']!)).not.toContain(path.join(__dirname, '../../../..'));
});
