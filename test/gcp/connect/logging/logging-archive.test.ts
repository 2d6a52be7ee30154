import { LoggingArchive, type LoggingArchiveProps } from '../../../../gcp/connect/logging/logging-archive';
import { BigQueryStore } from '../../../../gcp/store/bigquery/bigquery-store';
import { CloudStorageStore, type CloudStorageStoreProps } from '../../../../gcp/store/cloud-storage/cloud-storage-store';
import { documentedDefaults } from '../../../support/defaults';
import { expectSnapshot } from '../../../support/snapshot';
import { onCall, readable, site, synthesize } from '../../stand-ins';

const AUDIT = 'cloudaudit.googleapis.com/';
const make = (props: Partial<LoggingArchiveProps> = {}, bucket: Partial<CloudStorageStoreProps> = {}) =>
  synthesize((stack) => {
    const store = new CloudStorageStore(stack, 'Store', { site, bucketName: 'plants', prefix: AUDIT, ...bucket });
    return new LoggingArchive(stack, 'Audit', { site, store, ...props });
  });

test('the snapshot', () => {
  const { json } = make();
  expectSnapshot(
    'gcp/connect/logging/logging-archive.snapshot.yaml',
    'Cloud Logging may add files below the folder of these logs, and nothing else, two minutes before the sink exists.',
    readable({ data: json.data, resource: json.resource }),
  );
});

test('documents the defaults that it has', () => {
  const sink = make().one('google_logging_project_sink');
  expect(documentedDefaults('gcp/connect/logging/logging-archive.ts', 'LoggingArchiveProps')).toEqual({
    logs: AUDIT,
    name: sink.name.slice('acme-'.length),
  });
  expect(sink.filter).toBe('logName=~"/logs/cloudaudit[.]googleapis[.]com(%2F|$)"');
  expect(JSON.stringify(make().json.resource)).not.toContain('condition_absent');
});

test('takes every setting', () => {
  const { one, all } = make(
    { name: 'shop', logs: 'run.googleapis.com/stderr/', filter: 'severity>=ERROR OR a=1', maxSilenceMinutes: 60, notify: [onCall] },
    { prefix: 'run.googleapis.com/stderr/' },
  );
  expect(one('google_logging_project_sink')).toMatchObject({
    name: 'acme-shop',
    filter: 'logName=~"/logs/run[.]googleapis[.]com%2Fstderr(%2F|$)" AND (severity>=ERROR OR a=1\n)',
    destination: 'storage.googleapis.com/plants',
  });
  expect(all('google_monitoring_alert_policy').map(({ notification_channels }) => notification_channels)).toEqual([[onCall], [onCall]]);
});

test('a comment at the end of a filter does not hide the bracket that closes it', () => {
  const { filter } = make({ filter: 'severity>=NOTICE -- what people did' }).one('google_logging_project_sink');
  expect(filter.replace(/--.*$/gm, '')).toMatch(/ AND \(severity>=NOTICE \n\)$/);
});

test('keeps what the platform does too, so that an audit has no gaps, but not that of its own files, which would never end', () => {
  const { exclusions } = make().one('google_logging_project_sink');
  expect(exclusions.map(({ filter }: { filter: string }) => filter)).toEqual([
    'resource.labels.bucket_name="plants" AND protoPayload.authenticationInfo.principalEmail=~"@gcp-sa-logging[.]iam[.]gserviceaccount[.]com$"',
  ]);
});

/** The name of a file that Cloud Logging writes: https://cloud.google.com/logging/docs/export/storage#gcs-organization */
const fileOf = (logName: string) => `${decodeURIComponent(logName.split('/logs/')[1]!)}/2026/01/31/08:00:00_08:59:59_S0.json`;

test.each<[string, string, boolean]>([
  [AUDIT, 'projects/acme-data/logs/cloudaudit.googleapis.com%2Factivity', true],
  [AUDIT, 'projects/acme-data/logs/cloudaudit.googleapis.com%2Fdata_access', true],
  [AUDIT, 'projects/acme-data/logs/cloudauditXgoogleapis.com%2Factivity', false],
  [AUDIT, 'projects/acme-data/logs/run.googleapis.com%2Fstderr', false],
  ['cloudaudit.googleapis.com/activity/', 'projects/acme-data/logs/cloudaudit.googleapis.com%2Factivity', true],
  ['cloudaudit.googleapis.com/activity/', 'projects/acme-data/logs/cloudaudit.googleapis.com%2Fdata_access', false],
  ['syslog/', 'projects/acme-data/logs/syslog', true],
  ['syslog/', 'projects/acme-data/logs/syslog-ng', false],
])('below %s, whether %s is taken is whether its file may be written: %p', (logs, logName, taken) => {
  const { one } = make({ logs }, { prefix: logs });
  const [, pattern] = /^logName=~"(.+)"$/.exec(one('google_logging_project_sink').filter)!;
  expect(new RegExp(pattern!).test(logName)).toBe(taken);
  const [, below] = /objects\/(.+)"\)$/.exec(one('google_storage_bucket_iam_member').condition.expression)!;
  expect(fileOf(logName).startsWith(below!)).toBe(taken);
});

test('the permission comes first, and stays where it is while an API is added', () => {
  const { one, json } = make();
  expect(one('google_storage_bucket_iam_member')).toMatchObject({
    role: 'roles/storage.objectCreator',
    lifecycle: { ignore_changes: ['member'] },
  });
  const [wait] = Object.keys(json.resource!.time_sleep!);
  expect(one('google_logging_project_sink').depends_on).toEqual([`time_sleep.${wait}`]);
  expect(one('time_sleep').depends_on).toEqual([expect.stringMatching(/^google_storage_bucket_iam_member\.Audit_/)]);
});

describe('refuses', () => {
  test.each<[string, () => unknown, string]>([
    [
      'a store with another prefix, where Cloud Logging may not write',
      () => make({}, { prefix: 'events/' }),
      `test/Audit: store must have the prefix ${AUDIT}, got "events/". Set prefix: '${AUDIT}' on the store: Cloud Logging names the folders after the logs.`,
    ],
    [
      'a second archive in one store',
      () =>
        synthesize((stack) => {
          const store = new CloudStorageStore(stack, 'Store', { site, prefix: AUDIT });
          for (const name of ['first', 'second']) new LoggingArchive(stack, name, { site, store, name });
        }),
      'test/second: store must have one log sink, got a second one beside test/first. Join the filters of both with OR.',
    ],
    [
      'a store of rows',
      () => synthesize((stack) => new LoggingArchive(stack, 'Audit', { site, store: new BigQueryStore(stack, 'Store', { site }) })),
      'test/Audit: store must be a bucket of Cloud Storage, got another store. Use a CloudStorageStore.',
    ],
    [
      'logs without a slash at the end, which would be others too',
      () => make({ logs: 'cloudaudit.googleapis.com' }),
      'test/Audit: logs must be the start of names of logs that ends in a slash, got "cloudaudit.googleapis.com". Write it like cloudaudit.googleapis.com/ or syslog/.',
    ],
    [
      'no filter where one is given',
      () => make({ filter: '' }),
      'test/Audit: filter must be a filter of Cloud Logging, of 1 to 20000 characters, got "". Write it like severity>=ERROR. Without a filter, every entry of the project would be taken.',
    ],
  ])('%s', (_, act, message) => expect(act).toThrow(new Error(message)));
});
