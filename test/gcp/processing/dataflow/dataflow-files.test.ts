import { GoogleProvider } from '@cdktf/provider-google/lib/provider';
import { TerraformProvider } from 'cdktf';
import { PubSubBuffer } from '../../../../gcp/connect/pub-sub/pub-sub-buffer';
import { DataflowFiles, type DataflowFilesProps } from '../../../../gcp/processing/dataflow/dataflow-files';
import { BigQueryStore } from '../../../../gcp/store/bigquery/bigquery-store';
import { CloudStorageStore } from '../../../../gcp/store/cloud-storage/cloud-storage-store';
import { documentedDefaults } from '../../../support/defaults';
import { expectSnapshot } from '../../../support/snapshot';
import { key, onCall, readable, site, synthesize } from '../../stand-ins';
import { expectEncrypted } from './encrypted';

const FLEX = 'google_dataflow_flex_template_job';
const network = { subnetwork: 'projects/acme-net/regions/europe-west1/subnetworks/workers' };
const make = (props: Partial<DataflowFilesProps> = {}, prefix?: string) =>
  synthesize((stack) => {
    const source = new PubSubBuffer(stack, 'Buffer', { site });
    const store = new CloudStorageStore(stack, 'Store', { site, prefix });
    return new DataflowFiles(stack, 'Files', { site, source, store, network, ...props });
  });
class Mine extends TerraformProvider {
  override get alias() {
    return 'mine';
  }
}
const jobOf = (props: Partial<DataflowFilesProps> = {}, prefix?: string) => make(props, prefix).one(FLEX);

/** The folder of a window that ended at 2026-01-02T03:04, as the template names it: each pattern is replaced, wherever it is. */
function folderOf({ parameters }: any): string {
  const { outputDirectory, yearPattern, monthPattern, dayPattern, hourPattern, minutePattern } = parameters;
  const parts = { [yearPattern]: '2026', [monthPattern]: '01', [dayPattern]: '02', [hourPattern]: '03', [minutePattern]: '04' };
  const [, folder] = /^gs:\/\/\$\{[^}]*\}\/(.*)$/.exec(outputDirectory)!;
  return Object.entries(parts).reduce((text, [pattern, value]) => text.replaceAll(pattern, value), folder!);
}

test('the snapshot', () => {
  const { one, all } = make();
  expectSnapshot(
    'gcp/processing/dataflow/dataflow-files.snapshot.yaml',
    'Windows are finished in a bucket of the job, and copied to the store, where it can add and see files, and not replace them.',
    readable({
      job: one(FLEX),
      bucket: all('google_storage_bucket').find(({ name }) => name.endsWith('-dataflow')),
      subscription: all('google_pubsub_subscription').find(({ name }) => name.endsWith('to-files')),
      roles: ['google_project_iam_member', 'google_storage_bucket_iam_member', 'google_pubsub_subscription_iam_member'].flatMap((type) =>
        all(type).map(({ role, condition }) => ({ role, ...(condition && { only: condition.expression }) })),
      ),
    } as never),
  );
});

test('documents the defaults that it has', () => {
  const documented = documentedDefaults('gcp/processing/dataflow/dataflow-files.ts', 'DataflowFilesProps');
  const { name, machineType, templateVersion, ...numbers } = documented as Record<string, string>;
  const { windowMinutes, filesPerWindow, maxWorkers } = Object.fromEntries(
    Object.entries(numbers).map(([key, value]) => [key, Number(value)]),
  );
  expect(
    make({ name: name!, machineType: machineType!, templateVersion: templateVersion!, windowMinutes, filesPerWindow, maxWorkers }).json,
  ).toEqual(make().json);
});

test('takes every setting', () => {
  const made = make({
    ...{ name: 'hours', windowMinutes: 60, filesPerWindow: 4, maxWorkers: 20, machineType: 'n2-highmem-4' },
    ...{ templateVersion: '2026-08-18-00_RC00', notify: [onCall] },
  });
  const { parameters, ...job } = made.one(FLEX);
  expect(job).toMatchObject({
    name: 'acme-hours',
    max_workers: 20,
    machine_type: 'n2-highmem-4',
    container_spec_gcs_path: 'gs://dataflow-templates-europe-west1/2026-08-18-00_RC00/flex/Cloud_PubSub_to_GCS_Text_Flex',
  });
  expect(parameters).toMatchObject({ windowDuration: '60m', numShards: '4' });
  const mine = made.all('google_monitoring_alert_policy').filter(({ display_name }) => display_name.startsWith('acme-hours'));
  expect(mine.map(({ notification_channels }) => notification_channels)).toEqual(mine.map(() => [onCall]));
  expect(mine).toHaveLength(4);
});

test('a window is in a folder of Hive partitions', () => expect(folderOf(jobOf())).toBe('events/year=2026/month=01/day=02/hour=03/'));

test('the prefix of the store stays as it is, whatever letters it has', () => {
  const prefix = 'YYYY/COMMON/address/HH/communal/';
  expect(folderOf(jobOf({}, prefix))).toBe(`${prefix}year=2026/month=01/day=02/hour=03/`);
});

test('a job with another number of workers is another job, and its files have other names', () => {
  const prefixOf = (props: Partial<DataflowFilesProps>) => jobOf(props).parameters.outputFilenamePrefix;
  expect(new Set([prefixOf({}), prefixOf({ maxWorkers: 4 }), prefixOf({ name: 'other' })]).size).toBe(3);
});

test('it can neither replace nor delete a file, so a file whose name is taken is not lost', () => {
  const { all, one } = make();
  const roles = all('google_storage_bucket_iam_member').map(({ role, bucket }) => [role, bucket.includes('Files_Bucket')]);
  expect(roles.sort()).toEqual([
    ['roles/storage.objectCreator', false],
    ['roles/storage.objectUser', true],
    ['roles/storage.objectViewer', false],
  ]);
  const { userTempLocation, outputDirectory } = one(FLEX).parameters;
  const bucketOf = (folder: string) => /^gs:\/\/(\$\{[^}]*\})\//.exec(folder)![1];
  expect(bucketOf(userTempLocation)).not.toBe(bucketOf(outputDirectory));
});

test('it reads without the dead letter of Pub/Sub, until an event is acknowledged', () => {
  const subscription = make()
    .all('google_pubsub_subscription')
    .find(({ name }) => name.endsWith('to-files'));
  expect(subscription).not.toHaveProperty('dead_letter_policy');
  expect(jobOf().parameters.inputSubscription).toMatch(/events_to_files\.id\}$/);
});

test('a job that is replaced writes its open window first: without the setting, the provider cancels it', () =>
  expect(jobOf().on_delete).toBe('drain'));

test('a key encrypts what is in the job, and nothing is granted without one', () => {
  const made = make({ encryptionKey: key });
  expect(made.one(FLEX).kms_key_name).toBe(key);
  expectEncrypted(made, made.one(FLEX).depends_on);
  expect(jobOf()).not.toHaveProperty('kms_key_name');
  expect(make().all('google_kms_crypto_key_iam_member')).toEqual([]);
});

test('workers have private addresses, in the subnetwork that is given', () =>
  expect(jobOf()).toMatchObject({
    ip_configuration: 'WORKER_IP_PRIVATE',
    subnetwork: `https://www.googleapis.com/compute/v1/${network.subnetwork}`,
  }));

test('it has the default labels of the provider `google`, because google-beta has none', () => {
  const made = synthesize((stack) => {
    Object.assign(stack.node.findChild('Google'), { alias: 'other', defaultLabels: { team: 'other' } });
    new GoogleProvider(stack, 'Default', { defaultLabels: { team: 'data' } });
    const source = new PubSubBuffer(stack, 'Buffer', { site });
    return new DataflowFiles(stack, 'Files', { site, source, store: new CloudStorageStore(stack, 'Store', { site }), network });
  });
  expect(made.one(FLEX).labels).toEqual({ team: 'data' });
});

test('the provider is google-beta with an alias, or the one that is given', () => {
  expect(jobOf().provider).toBe('google-beta.service_agents');
  const made = synthesize((stack) => {
    const source = new PubSubBuffer(stack, 'Buffer', { site });
    const googleBeta = new Mine(stack, 'Mine', { terraformResourceType: 'google-beta', terraformProviderSource: 'hashicorp/google-beta' });
    return new DataflowFiles(stack, 'Files', { site, source, store: new CloudStorageStore(stack, 'Store', { site }), network, googleBeta });
  });
  expect(made.one(FLEX).provider).toBe('google-beta.mine');
});

describe('refuses', () => {
  test.each<[string, Partial<DataflowFilesProps>, string]>([
    [
      'no network',
      { network: undefined as never },
      'network must have the ids of a network and a subnetwork, got undefined. Google would take the network default, which has no rules of yours, or does not exist. Find them with gcloud compute networks subnets describe.',
    ],
    [
      'a window of a day',
      { windowMinutes: 1440 },
      'windowMinutes must be 1 to 60 minutes, got 1440. A worker holds the events of a window.',
    ],
    ['many files', { filesPerWindow: 1000 }, 'filesPerWindow must be 1 to 100 files, got 1000. Small files are slow to read.'],
    [
      'what is no provider',
      { googleBeta: 'google-beta' as never },
      'googleBeta must be the provider google-beta, got string. Create one with the CDKTF bindings of google-beta.',
    ],
  ])('%s', (_, props, message) => expect(() => make(props)).toThrow(new Error(`test/Files: ${message}`)));

  test('the provider google, which does not have flex templates', () =>
    expect(() =>
      synthesize((stack) => {
        const [source, store] = [new PubSubBuffer(stack, 'Buffer', { site }), new CloudStorageStore(stack, 'Store', { site })];
        const googleBeta = new GoogleProvider(stack, 'Mine', { alias: 'mine' });
        return new DataflowFiles(stack, 'Files', { site, source, store, network, googleBeta });
      }),
    ).toThrow(
      new Error('test/Files: googleBeta must be the provider google-beta, got google. Create one with the CDKTF bindings of google-beta.'),
    ));

  test('a store of rows, and names the store that works', () =>
    expect(() =>
      synthesize((stack) => {
        const source = new PubSubBuffer(stack, 'Buffer', { site });
        return new DataflowFiles(stack, 'Files', { site, source, store: new BigQueryStore(stack, 'Store', { site }), network });
      }),
    ).toThrow(new Error("test/Files: store must be a CloudStorageStore, got another one. Google's template takes no other.")));
});
