import { KinesisAnalyticsV2Client } from '@aws-sdk/client-kinesis-analytics-v2';
import { start, stop } from '../../../../aws/processing/flink/control/control';
import { type Answer, loopback } from '../../../support/loopback';

interface Told {
  /** The status at each look. The last one stays. `none` is no application, `denied` a permission that has no effect yet. */
  readonly statuses: readonly string[];
  /** How many looks there is time for. */
  readonly looks?: number;
  /** The answer to a start or a stop. */
  readonly refuse?: Answer;
  readonly restore?: Parameters<typeof start>[3];
}

/** The real client, and an API on this machine that knows one application. */
async function control(goal: 'start' | 'stop', { statuses, looks = 20, refuse, restore = LATEST }: Told) {
  const calls: { operation: string; body: any }[] = [];
  const left = [...statuses];
  const endpoint = await loopback(({ headers }, body) => {
    const operation = String(headers['x-amz-target']).split('.').at(-1)!;
    if (operation !== 'DescribeApplication') {
      calls.push({ operation, body: JSON.parse(body.toString()) });
      return refuse ?? { status: 200, body: '' };
    }
    const ApplicationStatus = left.length > 1 ? left.shift() : left[0];
    if (ApplicationStatus === 'denied') return fault('AccessDeniedException', 'It is not authorized.');
    if (ApplicationStatus === 'none') return fault('ResourceNotFoundException', 'There is no such application.');
    return { status: 200, body: JSON.stringify({ ApplicationDetail: { ApplicationName: 'Counts-1', ApplicationStatus } }) };
  });
  const credentials = { accessKeyId: 'nobody', secretAccessKey: 'nothing' };
  const client = new KinesisAnalyticsV2Client({ endpoint, region: 'eu-west-1', credentials, maxAttempts: 1 });
  let looked = 0;
  const patience = { isOver: () => ++looked >= looks, wait: async () => {} };
  const done = goal === 'start' ? start(client, 'Counts-1', patience, restore) : stop(client, 'Counts-1', patience);
  const failure = await done.then(
    () => undefined,
    (error: Error) => `${error.name}: ${error.message}`,
  );
  return { calls, failure };
}

jest.spyOn(console, 'info').mockImplementation(() => {});
const LATEST = { snapshot: 'latest', dropsState: false };
const fault = (code: string, message: string): Answer => ({
  status: 400,
  headers: { 'x-amzn-errortype': code },
  body: JSON.stringify({ __type: code, message }),
});

test('a new application is started once, from its latest snapshot, and waited for until it runs', async () => {
  const { calls, failure } = await control('start', { statuses: ['READY', 'STARTING', 'STARTING', 'RUNNING'] });
  expect(failure).toBeUndefined();
  expect(calls).toEqual([
    {
      operation: 'StartApplication',
      body: {
        ApplicationName: 'Counts-1',
        RunConfiguration: {
          ApplicationRestoreConfiguration: { ApplicationRestoreType: 'RESTORE_FROM_LATEST_SNAPSHOT' },
          FlinkRunConfiguration: { AllowNonRestoredState: false },
        },
      },
    },
  ]);
});

test('an application that runs is left as it is, and one that is updated is waited for', async () => {
  const statuses = ['UPDATING', 'ROLLING_BACK', 'AUTOSCALING', 'MAINTENANCE', 'RUNNING'];
  expect(await control('start', { statuses })).toEqual({ calls: [] });
});

test('an application that an update has stopped is started, from the snapshot that is named', async () => {
  const { calls } = await control('start', { statuses: ['READY', 'RUNNING'], restore: { snapshot: 'before', dropsState: true } });
  expect(calls[0]!.body.RunConfiguration).toEqual({
    ApplicationRestoreConfiguration: { ApplicationRestoreType: 'RESTORE_FROM_CUSTOM_SNAPSHOT', SnapshotName: 'before' },
    FlinkRunConfiguration: { AllowNonRestoredState: true },
  });
});

test('an application that stops while it starts is a failure, and is not started a second time', async () => {
  const { calls, failure } = await control('start', { statuses: ['READY', 'STARTING', 'READY'] });
  expect([calls.length, failure]).toEqual([1, 'Error: It stopped while it started. Its log group has the reason.']);
});

test('a start that is refused is a failure, with the message of the service', async () => {
  const refuse = fault('InvalidApplicationConfigurationException', 'The jar has no main class.');
  const { failure } = await control('start', { statuses: ['READY'], refuse });
  expect(failure).toBe('InvalidApplicationConfigurationException: The jar has no main class.');
});

test('a permission that has no effect yet is waited for, for a minute', async () => {
  const late = await control('start', { statuses: ['denied', 'denied', 'READY', 'RUNNING'] });
  expect([late.failure, late.calls.length]).toEqual([undefined, 1]);
  const never = await control('start', { statuses: ['denied'] });
  expect(never.failure).toBe('AccessDeniedException: It is not authorized.');
});

test('an application that does not run in time is a failure with its status', async () => {
  const { failure } = await control('start', { statuses: ['READY', 'STARTING'], looks: 4 });
  expect(failure).toBe('Error: Application Counts-1 did not run in time. Its status is STARTING.');
});

test('before it is deleted, an application is stopped with a snapshot', async () => {
  const { calls, failure } = await control('stop', { statuses: ['AUTOSCALING', 'RUNNING', 'STOPPING', 'READY'] });
  expect([calls, failure]).toEqual([[{ operation: 'StopApplication', body: { ApplicationName: 'Counts-1' } }], undefined]);
});

test.each(['READY', 'none'])('an application that does not run can be deleted: %s', async (status) => {
  expect(await control('stop', { statuses: [status] })).toEqual({ calls: [] });
});

test('an application that is not there cannot be started', async () => {
  const { failure } = await control('start', { statuses: ['none'] });
  expect(failure).toBe('ResourceNotFoundException: There is no such application.');
});
