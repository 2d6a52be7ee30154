import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { AwsStudioTelemetry } from '../../../aws/architectures/studio-telemetry';
import { transformRecords } from '../../../aws/runtime/transforms/firehose/records';
import cdk from '../../../cdk.json';
import type { CfnTemplate } from '../../../shared/read/cloudformation';
import { deadLetterQueue, dynamodb } from '../../support/aws-stand-ins';
import { handlerCode } from '../../support/bundled';
import type { Resource } from '../../support/cdk';
import { temporaryFolder } from '../../support/folder';
import { callOnLambda } from '../../support/handler-processes';
import { sqsRecord } from '../../support/lambda-events';

const HANDLER = 'aws/handlers/sqs-to-dynamodb';

function templateOf(context = {}, removal?: 'destroy') {
  const app = new App({ outdir: temporaryFolder(), context: { ...cdk.context, ...context } });
  const { Resources } = Template.fromStack(new AwsStudioTelemetry(app, 'aws-studio-telemetry', { removal })).toJSON() as CfnTemplate;
  return Resources as unknown as Record<string, Resource>;
}
const resources = Object.values(templateOf());
const all = (type: string) => resources.filter(({ Type }) => Type === type).map(({ Properties }) => Properties);

const event = (id: string, time: string) => ({
  specversion: '1.0',
  id,
  source: '/studio/17',
  type: 'workout.metric',
  time,
  subject: 'member-1',
  data: { heartRate: 141 },
});
/** Sent on the day that it happened, and three days later by a studio that was offline. */
const ON_TIME = event('a', '2026-01-31T08:00:00Z');
const LATE = event('b', '2026-01-28T19:30:00Z');

test('a late metric is sorted by its own time, and one that is sent twice is stored once', async () => {
  const [table, queue] = [await dynamodb(), await deadLetterQueue()];
  const folder = temporaryFolder();
  writeFileSync(path.join(folder, 'index.js'), handlerCode(HANDLER));
  const store = Object.fromEntries(Object.entries(table.settings).map(([name, value]) => [`STORE_${name}`, value]));
  const settings = { ...table.environment, ...queue.environment, ...store, DEAD_LETTER_QUEUE_URL: queue.url };
  const sent = [ON_TIME, LATE, LATE].map((one, place) => sqsRecord(JSON.stringify(one), place));

  const { answer } = await callOnLambda(folder, settings, sent);
  expect(answer()).toEqual({ batchItemFailures: [] });
  const again = await callOnLambda(folder, settings, [sqsRecord(JSON.stringify(LATE), 9)]);
  expect(again.answer()).toEqual({ batchItemFailures: [] });

  const times = [...table.items.values()].map(({ subject, eventTime }) => [subject?.S, eventTime?.S]).sort();
  expect(times).toEqual([
    ['member-1', '2026-01-28T19:30:00.000000000Z'],
    ['member-1', '2026-01-31T08:00:00.000000000Z'],
  ]);
  expect(queue.messages).toEqual([]);
});

describe('telemetry', () => {
  const [delivery] = all('AWS::KinesisFirehose::DeliveryStream');
  const { Prefix, ProcessingConfiguration, DynamicPartitioningConfiguration } = delivery!.ExtendedS3DestinationConfiguration;
  const [{ Parameters }] = ProcessingConfiguration.Processors.filter(({ Type }: { Type: string }) => Type === 'MetadataExtraction');
  const [{ ParameterValue: query }] = Parameters.filter(
    ({ ParameterName }: { ParameterName: string }) => ParameterName === 'MetadataExtractionQuery',
  );
  const [, name, field, from, to] = /^\{(\w+):\(\.(\w+)\[(\d+):(\d+)\]\)\}$/.exec(query) ?? [];

  /** The folder of a record, after the function and the query of the template. */
  async function folderOf(sent: object): Promise<string> {
    jest.spyOn(console, 'info').mockImplementation();
    const run = transformRecords({ transform: (one) => one, asText: false, oneRow: true });
    const data = Buffer.from(JSON.stringify(sent)).toString('base64');
    const { records } = await run({ records: [{ recordId: '1', approximateArrivalTimestamp: Date.parse('2026-01-31T09:00:00Z'), data }] });
    const row = JSON.parse(Buffer.from(records[0]!.data!, 'base64').toString());
    return `${name}=${String(row[field!]).slice(Number(from), Number(to))}/`;
  }

  test('that is late is in the folder of the day of the event, and so is each copy of it', async () => {
    expect(await folderOf(ON_TIME)).toBe('event_day=2026-01-31/');
    expect(await folderOf(LATE)).toBe('event_day=2026-01-28/');
    expect(await folderOf(LATE)).toBe(await folderOf(LATE));
  });

  test('is partitioned so by Firehose, before the hour of its arrival', () => {
    expect(DynamicPartitioningConfiguration.Enabled).toBe(true);
    expect(Prefix).toMatch(/^telemetry\/event_day=!\{partitionKeyFromQuery:event_day\}\/year=/);
  });
});

test('the queue keeps metrics for the longest outage that SQS allows', () =>
  expect(all('AWS::SQS::Queue').map(({ MessageRetentionPeriod }) => MessageRetentionPeriod)).toEqual([1_209_600, 1_209_600]));

test('both APIs are of one user pool, each with a scope of its own, and people may not send telemetry', () => {
  const scopes = all('AWS::ApiGateway::Method').map(({ AuthorizationScopes }) => AuthorizationScopes);
  expect(scopes).toEqual([['events/metrics'], ['events/telemetry']]);
  expect(all('AWS::Cognito::UserPool')).toHaveLength(1);
  const clients = Object.fromEntries(
    all('AWS::Cognito::UserPoolClient').map((one) => [one.AllowedOAuthFlows[0], JSON.stringify(one.AllowedOAuthScopes)]),
  );
  expect(clients.client_credentials).toMatch(/\/metrics.*\/telemetry/);
  expect(clients.code).not.toContain('/telemetry');
});

test('one API creates the role for the logs of the account, and the other waits for it', () => {
  const made = Object.entries(templateOf({ accountLogRole: 'create' }));
  const accounts = made.filter(([, { Type }]) => Type === 'AWS::ApiGateway::Account').map(([id]) => id);
  expect(accounts).toHaveLength(1);
  const stages = made.filter(([, { Type }]) => Type === 'AWS::ApiGateway::Stage').map(([, { DependsOn }]) => DependsOn);
  expect(stages).toEqual([expect.arrayContaining(accounts), expect.arrayContaining(accounts)]);
});

test('with both keys everything is deleted with the stack', () => {
  const made = Object.values(templateOf({ destroyData: 'yes' }, 'destroy'));
  expect(made.filter(({ DeletionPolicy }) => DeletionPolicy?.startsWith('Retain'))).toEqual([]);
  expect(made.find(({ Type }) => Type === 'AWS::Cognito::UserPool')!.Properties.DeletionProtection).toBe('INACTIVE');
});
