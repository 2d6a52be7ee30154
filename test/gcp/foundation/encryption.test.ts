import { TerraformVariable } from 'cdktf';
import { PubSubBuffer } from '../../../gcp/connect/pub-sub/pub-sub-buffer';
import { EnvironmentBucket } from '../../../gcp/processing/composer/environment-bucket';
import { CloudStorageStore } from '../../../gcp/store/cloud-storage/cloud-storage-store';
import { key, site, synthesize } from '../stand-ins';

const GRANT = 'google_kms_crypto_key_iam_member';
const stores = (names: readonly string[], keyOf: (name: string) => string = () => key) =>
  synthesize((stack) => {
    for (const name of names) new CloudStorageStore(stack, name, { site, name, encryptionKey: keyOf(name) });
  });

test('two buckets with one key share the grant of the agent: without either of two equal ones, Google would take both away', () => {
  const { all, json } = stores(['one', 'two']);
  expect(all(GRANT)).toHaveLength(1);
  const [wait] = Object.keys(json.resource!.time_sleep!);
  for (const bucket of all('google_storage_bucket')) expect(bucket.depends_on).toContain(`time_sleep.${wait}`);
});

test('the grant stays at its address when the bucket that came first is removed', () => {
  const addresses = (names: readonly string[]) => Object.keys(stores(names).json.resource![GRANT]!);
  expect(addresses(['two'])).toEqual(addresses(['one', 'two']));
});

test('an address from the place in the tree, which a state may have, is renamed', () => {
  const { json } = stores(['one']);
  const [address] = Object.keys(json.resource![GRANT]!);
  const moved = (json as any).moved.find(({ to }: { to: string }) => to === `${GRANT}.${address}`);
  expect(moved.from).toMatch(/^google_kms_crypto_key_iam_member\.one_\w*Encrypter_\w{8}$/);
});

test('another key, another service and another project have a grant of their own', () => {
  expect(stores(['one', 'two'], (name) => `${key}-${name}`).all(GRANT)).toHaveLength(2);
  const { all } = synthesize((stack) => {
    new CloudStorageStore(stack, 'store', { site, encryptionKey: key });
    new PubSubBuffer(stack, 'buffer', { site, encryptionKey: key });
    new EnvironmentBucket(stack, 'airflow', { site: { ...site, project: 'acme-lab' }, name: 'x', encryptionKey: key, destroy: false });
  });
  expect(all(GRANT)).toHaveLength(3);
});

test('a key from a variable is one key, wherever it is named', () => {
  const { all } = synthesize((stack) => {
    const variable = new TerraformVariable(stack, 'key', { type: 'string' });
    for (const name of ['one', 'two']) new CloudStorageStore(stack, name, { site, name, encryptionKey: variable.stringValue });
  });
  expect(all(GRANT)).toHaveLength(1);
});
