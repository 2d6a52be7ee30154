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
import { factsOf } from '../../../../shared/read/facts/find';
import { TfStack } from '../../../../shared/read/tf';
import eventSchema from '../../../../shared/runtime/event.schema.json';
import { temporaryFolder } from '../../../support/folder';
import { key, site } from '../../stand-ins';

test('whoever may use the key of a job needs it, and the other way round', () => {
  const outdir = temporaryFolder();
  const app = new App({ outdir });
  const stack = new TerraformStack(app, 'keys');
  new GoogleProvider(stack, 'Google', {});
  new TimeProvider(stack, 'Time');
  const common = { site, network: { subnetwork: 'projects/acme-net/regions/europe-west1/subnetworks/workers' }, encryptionKey: key };
  const source = new PubSubBuffer(stack, 'Buffer', { site });
  const store = new BigQueryStore(stack, 'Store', { site });
  const files = new CloudStorageStore(stack, 'Files', { site });
  new DataflowJob(stack, 'Job', { ...common, source, store, eventSchema });
  new DataflowFiles(stack, 'Windows', { ...common, source, store: files });
  new DataflowLoad(stack, 'Load', { ...common, source: files, store, eventSchema, schedule: { cron: '0 3 * * *' } });
  app.synth();
  const { privileges, all } = terraform(readFileSync(path.join(outdir, 'stacks/keys/cdk.tf.json'), 'utf8'));
  expect(all.filter(({ type }) => type === 'google_kms_crypto_key_iam_member')).toHaveLength(9);
  const ofKey = privileges.flatMap(({ findings }) => findings).filter(({ where, what }) => /cloudkms/.test(`${where} ${what}`));
  expect(ofKey.map(({ rule }) => rule)).toEqual(Array.from({ length: 9 }, () => 'no-narrower-role'));
});

function terraform(text: string) {
  const stack = new TfStack(JSON.parse(text));
  return { all: stack.all, privileges: terraformPrivileges(stack, factsOf('gcp')) };
}
