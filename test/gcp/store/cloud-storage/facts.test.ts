import { readFileSync } from 'node:fs';
import path from 'node:path';
import { App } from 'cdktf';
import { GcpCloudStorage } from '../../../../gcp/store/cloud-storage/example';
import { holdPromises } from '../../../../scripts/judges/promises';
import { factsOf } from '../../../../shared/read/facts/find';
import { renderFlow } from '../../../../shared/read/picture';
import { readTerraform } from '../../../../shared/read/terraform';
import { TfStack } from '../../../../shared/read/tf';
import { temporaryFolder } from '../../../support/folder';

const facts = factsOf('gcp');
const outdir = temporaryFolder();
const app = new App({ outdir });
new GcpCloudStorage(app, 'gcp-cloud-storage');
app.synth();
const text = readFileSync(path.join(outdir, 'stacks/gcp-cloud-storage/cdk.tf.json'), 'utf8');
/** The stack, after a change. */
const changed = (change: (resource: any) => void = () => {}) => {
  const json = JSON.parse(text);
  change(json.resource);
  return new TfStack(JSON.parse(JSON.stringify(json)));
};
const subscriptionOf = (resource: any): any =>
  Object.values<any>(resource.google_pubsub_subscription).find((one) => one.cloud_storage_config);
const found = (change: (resource: any) => void) =>
  holdPromises(changed(change), facts).findings.map(({ rule, where }) => `${rule}: ${where}`);

test('a bucket that takes events holds data, and one with the code of a function helps', () => {
  const stack = changed();
  expect(stack.of('google_storage_bucket').map((bucket) => `${bucket.name}: ${facts.role(bucket, stack)}`)).toEqual([
    'ProcessingCreated source bucket: helps',
    'Processing source bucket: helps',
    'Store bucket resource: holds data',
    'StoreLog bucket resource: holds data',
  ]);
});

test('a delivery without code moves data as a push does', () => {
  const stack = changed();
  const moving = stack.of('google_pubsub_subscription').filter((one) => facts.role(one, stack) === 'moves data');
  expect(moving.map(({ name }) => name)).toEqual(['ProcessingCreated trigger', 'Buffer archive subscription', 'Processing trigger']);
});

test('both ways into the store are drawn, the one of its new objects, and the one to each dead letter once', () => {
  const flow = renderFlow(readTerraform(changed().json).flow);
  expect(flow).toMatch(/^Buffer +-- without code, files of 5 min or 100 MiB, 9 retries, 10s to 600s apart --> {2}Store /m);
  expect(flow).toMatch(/^Processing +-- roles\/storage\.objectCreator .*--> {2}Store /m);
  expect(flow).toMatch(/^Store +-- new objects, 7 days of retries, below events\/ +--> {2}BufferCreated /m);
  expect(flow).not.toMatch(/^client .*BufferCreated/m);
  expect(flow.match(/^Buffer +-- after the last retry/gm)).toHaveLength(1);
});

test('what is not set is left out of the way', () => {
  const bare = changed((resource) => {
    const subscription = subscriptionOf(resource);
    for (const setting of ['retry_policy', 'dead_letter_policy']) delete subscription[setting];
    subscription.cloud_storage_config = { bucket: subscription.cloud_storage_config.bucket };
  });
  const flow = renderFlow(readTerraform(bare.json).flow);
  expect(flow).toMatch(/^Buffer +-- without code +--> {2}Store /m);
  expect(flow).not.toMatch(/undefined|NaN/);
});

test.each<[string, found: string, (resource: any) => void]>([
  [
    'tries for ever',
    'bounded-retries: Buffer archive subscription',
    (resource) => {
      delete subscriptionOf(resource).dead_letter_policy;
    },
  ],
  [
    'is late and there is no alert on it',
    'rings: Buffer archive subscription',
    ({ google_monitoring_alert_policy: alerts }) => {
      for (const id of Object.keys(alerts)) if (/^Buffer_archive/.test(id)) delete alerts[id];
    },
  ],
  [
    'begins before Pub/Sub may act as its writer',
    'nothing-lost: Buffer archive subscription',
    (resource) => {
      const subscription = subscriptionOf(resource);
      subscription.depends_on = subscription.depends_on.filter((one: string) => !one.startsWith('time_sleep'));
    },
  ],
  [
    'begins before its writer may write',
    'ready-before-work: Buffer archive subscription',
    (resource) => {
      const subscription = subscriptionOf(resource);
      subscription.depends_on = subscription.depends_on.filter((one: string) => !one.startsWith('time_sleep'));
    },
  ],
  [
    'goes with its stack, and what waits in it is lost',
    'retained: Buffer archive subscription',
    (resource) => {
      delete subscriptionOf(resource).lifecycle;
    },
  ],
])('a delivery without code that %s is found', (_, finding, change) => {
  expect(found(() => {})).toEqual([]);
  expect(found(change)).toContain(finding);
});
