import { TerraformStack } from 'cdktf';
import { Construct } from 'constructs';
import { PubSubBuffer } from '../../gcp/connect/pub-sub/pub-sub-buffer';
import { BigQueryRawStore } from '../../gcp/store/bigquery/bigquery-raw-store';
import { BigQueryStore } from '../../gcp/store/bigquery/bigquery-store';
import { CloudStorageStore } from '../../gcp/store/cloud-storage/cloud-storage-store';
import { anywhere } from '../support/moved';
import { Somebody, site, synthesize, Target } from './stand-ins';

/** Everything that holds data or a position, below a scope. */
function holders(scope: Construct, ending = '') {
  const buffer = new PubSubBuffer(scope, `Buffer${ending}`, { site });
  buffer.deliverTo(new Target(scope, 'Func'));
  buffer.bindReader(new Somebody(scope, 'Spark'), 'EVENTS');
  const store = new CloudStorageStore(scope, `Files${ending}`, { site });
  buffer.deliverInto(store, 'archive');
  new BigQueryStore(scope, `Rows${ending}`, { site });
  new BigQueryRawStore(scope, `Raw${ending}`, { site });
}

const KINDS = ['pubsub_topic', 'pubsub_subscription', 'bigquery_dataset', 'bigquery_table', 'storage_bucket'].map(
  (kind) => `google_${kind}`,
);
const addressesOf = ({ json }: Pick<ReturnType<typeof synthesize>, 'json'>) =>
  KINDS.flatMap((type) =>
    Object.entries(json.resource![type] ?? {}).map(([id, body]) => `${type}.${id}: ${body.name ?? body.table_id ?? body.dataset_id}`),
  );

const plain = synthesize((stack) => holders(stack));

test('what holds data or a position has its name and its address from what the user chose', () => {
  expect(addressesOf(plain)).toEqual([
    'google_pubsub_topic.events: acme-events',
    'google_pubsub_topic.events_dead_letter: acme-events-dead-letter',
    'google_pubsub_subscription.events_dead_letter: acme-events-dead-letter',
    'google_pubsub_subscription.events_into_archive: acme-events-into-archive',
    'google_pubsub_subscription.events_to_func: acme-events-to-func',
    'google_pubsub_subscription.events_to_spark: acme-events-to-spark',
    'google_bigquery_dataset.events: acme_events',
    'google_bigquery_dataset.raw: acme_raw',
    'google_bigquery_table.events_events: events',
    'google_bigquery_table.events_unique_events: unique_events',
    'google_bigquery_table.raw_events: events',
    'google_bigquery_table.raw_rejected_events: rejected_events',
    'google_bigquery_table.raw_unique_events: unique_events',
    'google_storage_bucket.events: acme-data-acme-events',
  ]);
});

test('a construct that is moved, nested or renamed has the same address and the same name, so that Terraform touches nothing of it', () => {
  anywhere((place) => {
    const moved = synthesize((stack) => {
      const { scope, ending } = place(stack);
      holders(scope, ending);
    });
    expect(addressesOf(moved)).toEqual(addressesOf(plain));
  });
});

test('Terraform refuses to destroy all of it, and what it stands at before moves to its address', () => {
  for (const type of KINDS) {
    for (const [id, { lifecycle, view }] of Object.entries(plain.json.resource![type]!)) {
      expect([id, lifecycle?.prevent_destroy ?? view !== undefined]).toEqual([id, true]);
    }
  }
  expect(plain.json.moved).toContainEqual({
    from: expect.stringMatching(/^google_pubsub_topic\.Buffer_Topic_[0-9A-F]{8}$/),
    to: 'google_pubsub_topic.events',
  });
  expect(plain.json.moved.map(({ to }: { to: string }) => to)).toEqual(
    expect.arrayContaining(addressesOf(plain).map((line) => line.split(':')[0])),
  );
});

test('two sites can be in one stack, if their stores have different names', () => {
  const { json } = synthesize((stack) => {
    for (const prefix of ['one', 'two']) new CloudStorageStore(stack, prefix, { site: { ...site, prefix }, name: `of${prefix}` });
  });
  expect(addressesOf({ json })).toEqual([
    'google_storage_bucket.ofone: acme-data-one-ofone',
    'google_storage_bucket.oftwo: acme-data-two-oftwo',
  ]);
});

test('a name that is known only at deploy is told from that of another stack', () => {
  const built = synthesize((stack) => {
    const other = new TerraformStack(stack.node.root as Construct, 'other');
    for (const [scope, id] of [
      [stack, 'a'],
      [other, 'b'],
    ] as const) {
      new CloudStorageStore(scope, id, { site: { ...site, project: '${var.project_id}' } });
    }
  });
  expect(built.all('google_storage_bucket')).toHaveLength(1);
});

describe('refuses two', () => {
  const has = (what: string, name: string, owner: string, remedy = 'Set name on one of them.') =>
    `: each ${what} must have its own name, got "${name}", which ${owner} has. ${remedy}`;
  const twice = (make: (scope: Construct, id: string) => unknown) => () =>
    synthesize((stack) => ['First', 'Second'].map((id) => make(stack, id)));

  test.each<[string, () => unknown, string]>([
    [
      'buffers of one name',
      twice((scope, id) => new PubSubBuffer(scope, id, { site })),
      `test/Second${has('buffer of a site', 'events', 'test/First')}`,
    ],
    [
      'buffers, where one has the name of the dead letter of the other',
      () =>
        synthesize((stack) => {
          new PubSubBuffer(stack, 'First', { site });
          new PubSubBuffer(stack, 'Second', { site, name: 'events-dead-letter' });
        }),
      `test/Second${has('buffer of a site', 'events-dead-letter', 'test/First')}`,
    ],
    [
      'buffers at one address in the state, from two sites in one stack',
      () => synthesize((stack) => ['one', 'two'].map((prefix) => new PubSubBuffer(stack, prefix, { site: { ...site, prefix } }))),
      'test/two/Topic: each resource of a stack must have its own address in the state, got google_pubsub_topic.events, which test/one/Topic has. Set name on one of them, or give each a stack of its own.',
    ],
    [
      'datasets of one name',
      twice((scope, id) => new BigQueryStore(scope, id, { site })),
      `test/Second${has('dataset of a site', 'events', 'test/First')}`,
    ],
    [
      'stores in one dataset',
      twice((scope, id) => new BigQueryStore(scope, id, { site, datasetId: 'plants' })),
      `test/Second${has('table of a dataset', 'events', 'test/First')}`,
    ],
    [
      'stores in the dataset of the first',
      () =>
        synthesize((stack) => {
          const { dataset } = new BigQueryStore(stack, 'First', { site });
          new BigQueryStore(stack, 'Second', { site, datasetId: dataset!.datasetId });
        }),
      `test/Second${has('table of a dataset', 'events', 'test/First')}`,
    ],
    [
      'buckets of one name',
      twice((scope, id) => new CloudStorageStore(scope, id, { site })),
      `test/Second${has('bucket of a site', 'events', 'test/First')}`,
    ],
    [
      'readers of one name',
      () =>
        synthesize((stack) => {
          const buffer = new PubSubBuffer(stack, 'Buffer', { site });
          buffer.deliverTo(new Target(stack, 'Spark'));
          buffer.bindReader(new Somebody(new Construct(stack, 'Other'), 'Spark'), 'EVENTS');
        }),
      `test/Other/Spark${has('reader of a buffer', 'spark', 'test/Spark', 'Its subscription has the same name.')}`,
    ],
    [
      'buffers of one name in two stacks with one prefix',
      () =>
        synthesize((stack) => {
          new PubSubBuffer(stack, 'First', { site });
          new PubSubBuffer(new TerraformStack(stack.node.root as Construct, 'other'), 'Second', { site });
        }),
      `other/Second${has('buffer of a site', 'events', 'test/First')}`,
    ],
  ])('%s', (_, act, message) => expect(act).toThrow(new Error(message)));

  test('and no more: another name, or another table, is another one', () => {
    const { all } = synthesize((stack) => {
      new BigQueryStore(stack, 'First', { site, datasetId: 'plants' });
      new BigQueryStore(stack, 'Second', { site, datasetId: 'plants', name: 'trees' });
      new BigQueryStore(stack, 'Third', { site, datasetId: 'plants', tableId: 'Raw', viewId: 'Clean' });
      new BigQueryStore(stack, 'Fourth', { site, datasetId: 'animals' });
    });
    expect(
      all('google_bigquery_table')
        .map(({ dataset_id, table_id }) => `${dataset_id}.${table_id}`)
        .sort(),
    ).toEqual([
      'animals.events',
      'animals.unique_events',
      'plants.Clean',
      'plants.Raw',
      'plants.events',
      'plants.trees',
      'plants.unique_events',
      'plants.unique_trees',
    ]);
  });
});
