import { readFileSync } from 'node:fs';
import path from 'node:path';
import { GoogleProvider } from '@cdktf/provider-google/lib/provider';
import { TimeProvider } from '@cdktf/provider-time/lib/provider';
import { App, TerraformStack } from 'cdktf';
import { PubSubBuffer } from '../../../../gcp/connect/pub-sub/pub-sub-buffer';
import { DataflowFiles } from '../../../../gcp/processing/dataflow/dataflow-files';
import { DataflowJob } from '../../../../gcp/processing/dataflow/dataflow-job';
import { DataflowLoad } from '../../../../gcp/processing/dataflow/dataflow-load';
import { BigQueryStore } from '../../../../gcp/store/bigquery/bigquery-store';
import { CloudStorageStore } from '../../../../gcp/store/cloud-storage/cloud-storage-store';
import { terraformPrivileges } from '../../../../scripts/judges/privileges/findings';
import { HOURS } from '../../../../shared/read/facts/cost';
import { factsOf } from '../../../../shared/read/facts/find';
import { TfStack } from '../../../../shared/read/tf';
import eventSchema from '../../../../shared/runtime/event.schema.json';
import { temporaryFolder } from '../../../support/folder';
import { key, site } from '../../stand-ins';

const common = { site, network: { subnetwork: 'projects/acme-net/regions/europe-west1/subnetworks/workers' } };

/** A stack as the checks read it. */
function made(build: (stack: TerraformStack) => void): TfStack {
  const outdir = temporaryFolder();
  const app = new App({ outdir });
  const stack = new TerraformStack(app, 'made');
  new GoogleProvider(stack, 'Google', {});
  new TimeProvider(stack, 'Time');
  build(stack);
  app.synth();
  return new TfStack(JSON.parse(readFileSync(path.join(outdir, 'stacks/made/cdk.tf.json'), 'utf8')));
}

test('whoever may use the key of jobs needs it, and the other way round, once for each service agent', () => {
  const stack = made((scope) => {
    const encrypted = { ...common, encryptionKey: key };
    const source = new PubSubBuffer(scope, 'Buffer', { site });
    const store = new BigQueryStore(scope, 'Store', { site });
    const files = new CloudStorageStore(scope, 'Files', { site });
    new DataflowJob(scope, 'Job', { ...encrypted, source, store, eventSchema });
    new DataflowFiles(scope, 'Windows', { ...encrypted, source, store: files });
    new DataflowLoad(scope, 'Load', { ...encrypted, source: files, store, eventSchema, schedule: { cron: '0 3 * * *' } });
  });
  expect(stack.of('google_kms_crypto_key_iam_member')).toHaveLength(3);
  const findings = terraformPrivileges(stack, factsOf('gcp')).flatMap((identity) => identity.findings);
  const ofKey = findings.filter(({ where, what }) => /cloudkms/.test(`${where} ${what}`));
  expect(ofKey.map(({ rule }) => rule)).toEqual(Array.from({ length: 3 }, () => 'no-narrower-role'));
});

test.each([
  ['n1-standard-2', 7.5],
  ['n1-highmem-4', 26],
  ['n2-highmem-4', 32],
  ['e2-highcpu-8', 8],
])('a worker with the machine %s costs the memory that it has', (machineType, gigabytes) => {
  const stack = made((scope) => {
    const [source, store] = [new PubSubBuffer(scope, 'Buffer', { site }), new CloudStorageStore(scope, 'Files', { site })];
    new DataflowFiles(scope, 'Windows', { ...common, source, store, machineType });
  });
  const [job] = stack.of('google_dataflow_flex_template_job');
  const { costs } = factsOf('gcp').type(job!)!;
  const lines =
    typeof costs === 'function'
      ? costs(job!, { stack, events: 0, size: 1, readers: () => 0, calls: () => 0, writes: () => ({ count: 0, bytes: 0 }) })
      : [];
  expect(lines.find(({ price }) => price === 'dataflowMemory')!.units).toBe(gigabytes * HOURS);
});
