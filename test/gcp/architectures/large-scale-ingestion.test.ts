import { readFileSync } from 'node:fs';
import path from 'node:path';
import { App } from 'cdktf';
import { GcpLargeScaleIngestion } from '../../../gcp/architectures/large-scale-ingestion';
import type { TerraformJson } from '../../support/cdktf';
import { temporaryFolder } from '../../support/folder';

const outdir = temporaryFolder();
const app = new App({ outdir });
new GcpLargeScaleIngestion(app, 'ingestion');
app.synth();
const json: TerraformJson = JSON.parse(readFileSync(path.join(outdir, 'stacks/ingestion/cdk.tf.json'), 'utf8'));
const all = (type: string): any[] => Object.values(json.resource![type]!);
const sinks = all('google_logging_project_sink');

/** https://cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry#logseverity */
const SEVERITIES = { DEFAULT: 0, DEBUG: 100, INFO: 200, NOTICE: 300, WARNING: 400, ERROR: 500, CRITICAL: 600, ALERT: 700, EMERGENCY: 800 };

test('a log entry takes one path, whatever its severity: errors the hot one, all others the cold one', () => {
  const takes = (filter: string, severity: number) => {
    const [, operator, name] = /^severity(>=|<)(\w+)$/.exec(filter)!;
    const bound = SEVERITIES[name as keyof typeof SEVERITIES];
    return operator === '<' ? severity < bound : severity >= bound;
  };
  const paths = Object.entries(SEVERITIES).map(([name, severity]) => [
    name,
    sinks.filter(({ filter }) => takes(filter, severity)).map(({ destination }) => destination),
  ]);
  expect(Object.fromEntries(paths)).toMatchObject({
    DEFAULT: ['pubsub.googleapis.com/${google_pubsub_topic.cold.id}'],
    WARNING: ['pubsub.googleapis.com/${google_pubsub_topic.cold.id}'],
    ERROR: ['pubsub.googleapis.com/${google_pubsub_topic.hot.id}'],
  });
  expect(paths.every(([, destinations]) => destinations!.length === 1)).toBe(true);
});

test('neither path takes the logs of the platform, so that no entry makes another one', () =>
  expect(sinks.map(({ exclusions }) => exclusions.map(({ name }: { name: string }) => name))).toEqual([
    ['own-resources', 'own-accounts'],
    ['own-resources', 'own-accounts'],
  ]));

test('no code runs on the cold path', () => {
  const readers = all('google_pubsub_subscription').filter(({ topic }) => topic === '${google_pubsub_topic.cold.id}');
  expect(readers.map(({ cloud_storage_config, push_config }) => [cloud_storage_config !== undefined, push_config])).toEqual([
    [true, undefined],
  ]);
});

test('the command loads the folder of a day that Pub/Sub writes, into the partition of this day', () => {
  const [{ cloud_storage_config: files }] = all('google_pubsub_subscription').filter(({ cloud_storage_config }) => cloud_storage_config);
  const folder = `${files.filename_prefix}${files.filename_datetime_format.replace('YYYY', '2026').replace('MM', '01').replace('DD', '31').slice(0, 11)}`;
  const { value } = json.output.load_command;
  expect(value).toContain(`/${folder}*${files.filename_suffix}'`);
  expect(value).toContain('.cold$20260131');
  expect(value).toContain(' --replace ');
});

test('who may send may send to both paths, and nothing else', () => {
  const grants = all('google_pubsub_topic_iam_member').filter(({ for_each }) => for_each);
  expect(grants.map(({ topic, role }) => [topic, role]).sort()).toEqual([
    ['${google_pubsub_topic.cold.id}', 'roles/pubsub.publisher'],
    ['${google_pubsub_topic.hot.id}', 'roles/pubsub.publisher'],
  ]);
});
