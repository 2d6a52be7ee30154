import { type TerraformStack, TerraformVariable } from 'cdktf';
import { PubSubBuffer } from '../../../gcp/connect/pub-sub/pub-sub-buffer';
import { ComposerOrchestration } from '../../../gcp/processing/composer/composer-orchestration';
import { EnvironmentBucket } from '../../../gcp/processing/composer/environment-bucket';
import { Workbench } from '../../../gcp/processing/workbench/workbench';
import { CloudStorageStore } from '../../../gcp/store/cloud-storage/cloud-storage-store';
import { terraformPrivileges } from '../../../scripts/judges/privileges/findings';
import { factsFor } from '../../../shared/read/terraform';
import { TfStack } from '../../../shared/read/tf';
import { AJob } from '../processing/workflows/a-job';
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

describe('no agent has more of a key, or less of it, than its work takes', () => {
  const network = {
    network: 'projects/acme-data/global/networks/inner',
    subnetwork: 'projects/acme-data/regions/europe-west1/subnetworks/inner',
  };
  test.each<[string, (stack: TerraformStack) => void, number]>([
    [
      'two stores that share a grant',
      (stack) => {
        for (const name of ['one', 'two']) new CloudStorageStore(stack, name, { site, name, encryptionKey: key });
      },
      1,
    ],
    ['Workbench', (stack) => new Workbench(stack, 'Bench', { site, owner: 'ada@example.com', network, encryptionKey: key }), 1],
    [
      'Composer',
      (stack) =>
        new ComposerOrchestration(stack, 'Jobs', { site, network, steps: [{ Pull: new AJob(stack, 'Pull') }], encryptionKey: key }),
      2,
    ],
  ])('%s', (_, make, agents) => {
    const json = synthesize(make).json as never;
    const findings = terraformPrivileges(new TfStack(json), factsFor(json)).flatMap((identity) => identity.findings);
    const ofKey = findings.filter(({ where, what }) => `${where} ${what}`.includes('cryptoKey'));
    // The role to use a key also allows to list regions, which its facts explain.
    expect(ofKey.map(({ rule, reason }) => [rule, typeof reason])).toEqual(Array(agents).fill(['no-narrower-role', 'string']));
  });
});
