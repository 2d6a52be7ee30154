import { readdirSync } from 'node:fs';
import path from 'node:path';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { PrivateNetwork } from '../../aws/foundation/network';
import { AuroraStore } from '../../aws/store/aurora/aurora-store';
import cdk from '../../cdk.json';
import { build, findBlueprints } from '../../shared/synth/blueprints';
import { always, type Cases, every, from, once } from '../support/alarm-cases';
import { type Resource, synthesize } from '../support/cdk';
import { metricsOf, statesOf } from '../support/cloudwatch';
import { temporaryFolder } from '../support/folder';

/** The cases of each alarm, by its metrics. */
const OWN: Cases = {
  'GetRecords.IteratorAgeMilliseconds': [
    [
      'a reader falls behind by a minute each minute',
      { 'GetRecords.IteratorAgeMilliseconds': always(0).map((_, minute) => minute * 60_000) },
      60,
    ],
    ['a reader keeps up', { 'GetRecords.IteratorAgeMilliseconds': always(900) }, 'never'],
    ['nobody reads: the next alarm is for this', { 'GetRecords.IteratorAgeMilliseconds': always(undefined) }, 'never'],
  ],
  'IncomingRecords GetRecords.Success': [
    ['the reader goes down while records come', { IncomingRecords: always(9), 'GetRecords.Success': from(60, undefined, 240) }, 74],
    ['nobody reads, and one record comes', { IncomingRecords: once(60, 1), 'GetRecords.Success': always(undefined) }, 60],
    ['nobody reads, and nothing comes', { IncomingRecords: always(undefined), 'GetRecords.Success': always(undefined) }, 'never'],
    ['each call is refused', { IncomingRecords: always(9), 'GetRecords.Success': always(0) }, 0],
    ['a function takes a quarter of an hour for each batch', { IncomingRecords: always(9), 'GetRecords.Success': every(15, 1) }, 'never'],
  ],
  WriteProvisionedThroughputExceeded: [
    ['writes are throttled for a minute', { WriteProvisionedThroughputExceeded: once(60, 50, 0) }, 'never'],
    ['writes are throttled without end', { WriteProvisionedThroughputExceeded: from(60, 50, 0) }, 70],
    ['nothing comes', { WriteProvisionedThroughputExceeded: always(undefined) }, 'never'],
  ],
  ReadProvisionedThroughputExceeded: [
    ['a read is throttled once', { ReadProvisionedThroughputExceeded: once(60, 1, 0) }, 'never'],
    ['reads are throttled without end', { ReadProvisionedThroughputExceeded: from(60, 1, 0) }, 70],
    ['nobody reads', { ReadProvisionedThroughputExceeded: always(undefined) }, 'never'],
  ],
  ApproximateNumberOfMessagesVisible: [
    ['the first dead letter', { ApproximateNumberOfMessagesVisible: from(60, 1, 0) }, 60],
    ['no dead letter', { ApproximateNumberOfMessagesVisible: always(0) }, 'never'],
    ['SQS has no data, because the queue was not used for hours', { ApproximateNumberOfMessagesVisible: always(undefined) }, 'never'],
  ],
  IteratorAge: [
    ['the store is down: the same batch is retried', { IteratorAge: always(0).map((_, minute) => minute * 60_000) }, 60],
    ['one call an hour, in time', { IteratorAge: every(60, 500) }, 'never'],
    ['no call at all: the next alarm is for this', { IteratorAge: always(undefined) }, 'never'],
  ],
  'IncomingRecords PolledEventCount': [
    ['the mapping is off while another reads the stream', { IncomingRecords: always(9), PolledEventCount: from(60, undefined, 9) }, 89],
    [
      'each record is read in the next minute',
      {
        IncomingRecords: every(20, 1),
        PolledEventCount: from(1, undefined, undefined).map((_, minute) => (minute % 20 === 1 ? 1 : undefined)),
      },
      'never',
    ],
    ['the mapping is off, and a record comes each half hour', { IncomingRecords: every(30, 1), PolledEventCount: always(undefined) }, 30],
    ['nothing comes', { IncomingRecords: always(undefined), PolledEventCount: always(undefined) }, 'never'],
  ],
  'OnFailureDestinationDeliveredEventCount DroppedEventCount': [
    ['a batch is no longer retried', { OnFailureDestinationDeliveredEventCount: once(60, 100), DroppedEventCount: always(undefined) }, 60],
    [
      'a batch is no longer retried, and is dropped',
      { OnFailureDestinationDeliveredEventCount: always(undefined), DroppedEventCount: once(60, 100) },
      60,
    ],
    [
      'all is well, or nothing comes',
      { OnFailureDestinationDeliveredEventCount: always(undefined), DroppedEventCount: always(undefined) },
      'never',
    ],
  ],
  Errors: [
    ['one call fails, and its retry does not', { Errors: once(60, 1, 0) }, 'never'],
    [
      'one record crashes the function at every try, with growing pauses',
      { Errors: from(60, 1, 0).map((value, minute) => (minute % 3 === 0 ? value : undefined)) },
      70,
    ],
    ['no call', { Errors: always(undefined) }, 'never'],
  ],
  Throttles: [
    ['Lambda throttles calls for a minute', { Throttles: once(60, 20, 0) }, 'never'],
    ['Lambda throttles calls without end', { Throttles: from(60, 20, 0) }, 70],
    ['no call', { Throttles: always(undefined) }, 'never'],
  ],
  '5XXError Count': [
    ['one of a million requests fails', { '5XXError': once(60, 1, 0), Count: always(5000) }, 'never'],
    ['the stream is gone', { '5XXError': from(60, 5000, 0), Count: always(5000) }, 60],
    ['each request fails, and one comes every ten minutes', { '5XXError': every(10, 1), Count: every(10, 1) }, 20],
    ['no request', { '5XXError': always(undefined), Count: always(undefined) }, 'never'],
  ],
  '4XXError Count': [
    ['one request arrives, and is not signed', { '4XXError': once(60, 1), Count: once(60, 1) }, 'never'],
    ['ten requests arrive, and all are invalid', { '4XXError': from(60, 1, undefined, 70), Count: from(60, 1, undefined, 70) }, 69],
    ['one request in a hundred is invalid', { '4XXError': always(10), Count: always(1000) }, 'never'],
    ['one request in ten is invalid', { '4XXError': from(60, 100, 10), Count: always(1000) }, 66],
    ['no request', { '4XXError': always(undefined), Count: always(undefined) }, 'never'],
  ],
  ApproximateAgeOfOldestMessage: [
    ['the reader is down', { ApproximateAgeOfOldestMessage: always(0).map((_, minute) => minute * 60) }, 60],
    ['the queue is empty', { ApproximateAgeOfOldestMessage: always(0) }, 'never'],
    ['SQS has no data, because the queue was not used for hours', { ApproximateAgeOfOldestMessage: always(undefined) }, 'never'],
  ],
  'NumberOfMessagesReceived NumberOfMessagesDeleted': [
    ['the store is down', { NumberOfMessagesReceived: always(100), NumberOfMessagesDeleted: from(60, 0, 100) }, 72],
    [
      'the store is down, and SQS has no data for deleted messages',
      { NumberOfMessagesReceived: always(100), NumberOfMessagesDeleted: from(60, undefined, 100) },
      72,
    ],
    ['one message in ten is delivered again', { NumberOfMessagesReceived: always(110), NumberOfMessagesDeleted: always(100) }, 'never'],
    ['nothing comes', { NumberOfMessagesReceived: always(undefined), NumberOfMessagesDeleted: always(undefined) }, 'never'],
  ],
  ACUUtilization: [
    ['the database is at its maximum capacity for five minutes', { ACUUtilization: from(60, 99, 20, 65) }, 'never'],
    ['the database stays at its maximum capacity', { ACUUtilization: from(60, 99, 20) }, 70],
    ['the database is paused', { ACUUtilization: always(undefined) }, 'never'],
  ],
  Deadlocks: [
    ['the first deadlock', { Deadlocks: once(60, 1, 0) }, 60],
    ['the database is paused', { Deadlocks: always(undefined) }, 'never'],
  ],
  AuroraReplicaLagMaximum: [
    ['the second instance lags by two seconds', { AuroraReplicaLagMaximum: from(60, 2000, 20) }, 60],
    ['the second instance does not lag', { AuroraReplicaLagMaximum: always(20) }, 'never'],
    ['there is none', { AuroraReplicaLagMaximum: always(undefined) }, 'never'],
  ],
};

// Other services have their cases beside their tests, in `alarms.ts`.
const brought = readdirSync(__dirname, { recursive: true, encoding: 'utf8' }).filter((file) => path.basename(file) === 'alarms.ts');
const CASES: Cases = Object.assign({}, OWN, ...brought.map((file) => (require(path.join(__dirname, file)) as { cases: Cases }).cases));

/** Every alarm of a blueprint, or of a construct with all its settings. */
function allAlarms(): ReadonlyMap<string, Resource> {
  const blueprints = findBlueprints(['aws']).map((blueprint) => {
    const app = new App({ outdir: temporaryFolder(), context: cdk.context });
    return Object.values<Resource>(Template.fromStack(build(app, blueprint, {}) as never).toJSON().Resources);
  });
  const available = synthesize(
    (stack) => new AuroraStore(stack, 'Store', { network: new PrivateNetwork(stack, 'Network'), highlyAvailable: true }),
  );
  const alarms = [...blueprints.flat(), ...Object.values(available.resources)].filter(({ Type }) => Type === 'AWS::CloudWatch::Alarm');
  return new Map(alarms.map((alarm) => [metricsOf(alarm).join(' '), alarm]));
}

const alarms = allAlarms();

test('each alarm of each blueprint has cases here', () => expect([...alarms.keys()].sort()).toEqual(Object.keys(CASES).sort()));

describe.each(Object.entries(CASES))('the alarm on %s', (metrics, cases) => {
  test.each(cases)('%s', (_, series, rings) => {
    const minute = statesOf(alarms.get(metrics)!, series).indexOf('ALARM');
    expect(minute === -1 ? 'never' : minute).toBe(rings);
  });
});

describe('CloudWatch', () => {
  const rule = (Properties: object): Resource => ({
    Type: 'AWS::CloudWatch::Alarm',
    Properties: {
      MetricName: 'M',
      Statistic: 'Sum',
      Period: 60,
      Threshold: 1,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      ...Properties,
    },
  });
  const last = (points: readonly (number | undefined)[], properties: object) => statesOf(rule(properties), { M: points }).at(-1);
  const X = 1;

  /** https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html, three of three points. */
  test.each([
    [[0, undefined, X, undefined, X], 'OK', 'OK'],
    [[0, undefined, undefined, undefined, undefined], 'OK', 'OK'],
    [[undefined, undefined, undefined, undefined, undefined], 'OK', 'ALARM'],
    [[0, X, X, undefined, X], 'ALARM', 'ALARM'],
    [[undefined, undefined, X, undefined, undefined], 'OK', 'ALARM'],
  ])('makes %p of five minutes: %s, or %s where silence is breaching', (points, notBreaching, breaching) => {
    expect(last(points, { EvaluationPeriods: 3, TreatMissingData: 'notBreaching' })).toBe(notBreaching);
    if (points[0] === undefined) expect(last(points, { EvaluationPeriods: 3, TreatMissingData: 'breaching' })).toBe(breaching);
  });
});
