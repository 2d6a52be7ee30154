import { readFileSync } from 'node:fs';
import path from 'node:path';
import { App, TerraformStack } from 'cdktf';
import { BlobStore } from '../../azure/store/blob/blob-store';
import { PubSubBuffer } from '../../gcp/connect/pub-sub/pub-sub-buffer';
import { BigQueryStore } from '../../gcp/store/bigquery/bigquery-store';
import { explained } from '../../scripts/judges/checkov-terraform';
import { acknowledgements, terraformStacks } from '../../scripts/judges/terraform/stack';
import { site as azure } from '../azure/stand-ins';
import { site as gcp, key } from '../gcp/stand-ins';
import { temporaryFolder } from '../support/folder';

const ours = { id: 'CKV_GCP_62', reason: 'Because.' };
const json = { resource: { google_storage_bucket: { Lake: { '//': { metadata: { path: 'Lake' }, acknowledged: [ours] } }, Pond: {} } } };
const failed = (id: string, resource: string) => ({ id, resource, name: 'Bucket should log access' });

test('a finding meets the reason that its resource gives, whichever way checkov calls the resource', () => {
  const where = 'google_storage_bucket.Lake';
  for (const resource of ['resource.Lake', where]) {
    expect(explained([failed('CKV_GCP_62', resource)], json)).toEqual([
      { rule: 'CKV_GCP_62', where, what: 'Bucket should log access', reason: 'Because.' },
    ]);
  }
});

test.each([
  ['another resource', failed('CKV_GCP_62', 'resource.Pond')],
  ['another check', failed('CKV_GCP_63', 'resource.Lake')],
])('a reason does not speak for %s, and without its finding it is a finding itself', (_, check) => {
  expect(explained([check], json).map(({ rule, reason }) => [rule, reason])).toEqual([
    [check.id, undefined],
    ['CKV_GCP_62', undefined],
  ]);
});

test('a reason for another judge is left to that judge', () => {
  const other = {
    resource: { google_storage_bucket: { Lake: { '//': { acknowledged: [{ id: 'least-privilege', reason: 'Because.' }] } } } },
  };
  expect(explained([], other)).toEqual([]);
});

test('every reason is a sentence or two that a reader can act on', () => {
  const reasons = terraformStacks().flatMap((stack) => acknowledgements(stack.json));
  expect(reasons.length).toBeGreaterThan(20);
  for (const { reason } of reasons) expect(reason).toMatch(/^[A-Z][^\n]{30,300}\.$/);
});

test('with a key of the user, or with copies in another region, there is nothing left to explain', () => {
  const ids = (build: (stack: TerraformStack) => void) => {
    const outdir = temporaryFolder();
    const app = new App({ outdir, skipValidation: true });
    const stack = new TerraformStack(app, 'stack');
    build(stack);
    app.synth();
    return new Set(acknowledgements(JSON.parse(readFileSync(path.join(outdir, 'stacks/stack/cdk.tf.json'), 'utf8'))).map(({ id }) => id));
  };
  const made = (encryptionKey?: string, redundancy?: 'GRS') =>
    ids((stack) => {
      new PubSubBuffer(stack, 'Buffer', { site: gcp, encryptionKey });
      new BigQueryStore(stack, 'Store', { site: gcp, encryptionKey });
      new BlobStore(stack, 'Blobs', { site: azure, redundancy });
    });
  const [without, withThem] = [made(), made(key, 'GRS')];
  expect([...without].filter((id) => !withThem.has(id)).sort()).toEqual(['CKV_AZURE_206', 'CKV_GCP_81', 'CKV_GCP_83']);
});
