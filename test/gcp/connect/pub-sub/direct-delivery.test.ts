import { Construct } from 'constructs';
import { PubSubBuffer, type PubSubBufferProps } from '../../../../gcp/connect/pub-sub/pub-sub-buffer';
import type { Delivery, DeliveryTarget, DirectStore } from '../../../../gcp/ports/delivery';
import type { Workload } from '../../../../gcp/ports/identity';
import type { Site } from '../../../../gcp/ports/site';
import { BigQueryRawStore } from '../../../../gcp/store/bigquery/bigquery-raw-store';
import { CloudStorageStore } from '../../../../gcp/store/cloud-storage/cloud-storage-store';
import { expectSnapshot } from '../../../support/snapshot';
import { onCall, readable, Somebody, site, synthesize, Target } from '../../stand-ins';

/** A store that Pub/Sub fills. */
class Archive extends Construct implements DirectStore {
  deliverer?: Workload;
  readonly region: string = site.region;

  constructor(
    scope: Construct,
    id: string,
    private readonly config: DeliveryTarget['config'] = { cloudStorageConfig: { bucket: 'archive', filenamePrefix: 'raw/' } },
  ) {
    super(scope, id);
  }

  bindDelivery(deliverer: Workload): DeliveryTarget {
    this.deliverer = deliverer;
    return { config: this.config, waitFor: [{ fqn: 'google_storage_bucket_iam_member.archive' }] };
  }
}

const deliver = (delivery?: Delivery, props: Partial<PubSubBufferProps> = {}, context = {}) =>
  synthesize((stack) => {
    const store = new Archive(stack, 'Archive');
    new PubSubBuffer(stack, 'Buffer', { site, ...props }).deliverInto(store, 'archive', delivery);
    return store;
  }, context);

type Synth = ReturnType<typeof deliver>;
const deliveryOf = ({ all }: Pick<Synth, 'all'>) =>
  all('google_pubsub_subscription').find(({ cloud_storage_config }) => cloud_storage_config);
const addressesOf = ({ json }: Synth, type: string) => Object.keys(json.resource![type]!).map((id) => `${type}.${id}`);

test('the snapshot', () => {
  const made = Object.entries(deliver().json.resource!).map(([type, named]) => [
    type,
    Object.fromEntries(Object.entries(named).filter(([id]) => /^Buffer_archive|into_archive/.test(id))),
  ]);
  expectSnapshot(
    'gcp/connect/pub-sub/direct-delivery.snapshot.yaml',
    'Pub/Sub writes as an account of this delivery alone, after its rights have spread; what it cannot write goes to the dead letter.',
    readable(Object.fromEntries(made.filter(([, named]) => Object.keys(named!).length > 0))),
  );
});

test('Pub/Sub writes as the account that the store let in, and as no other', () => {
  const { built, one, all } = deliver();
  const { account_id } = one('google_service_account');
  expect(account_id).toBe('acme-archive-writer');
  expect(deliveryOf({ all }).cloud_storage_config).toEqual({
    bucket: 'archive',
    filename_prefix: 'raw/',
    service_account_email: expect.stringMatching(/^\$\{google_service_account\.Buffer_archive_Account_\w+\.email\}$/),
  });
  expect(built.deliverer!.node.path).toBe('test/Buffer/archive');
});

test('a store that is a table is written as that account too', () => {
  const { all } = synthesize((stack) => {
    const store = new Archive(stack, 'Archive', { bigqueryConfig: { table: 'acme-data.archive.raw' } });
    new PubSubBuffer(stack, 'Buffer', { site }).deliverInto(store, 'archive');
  });
  const [delivery] = all('google_pubsub_subscription').filter(({ bigquery_config }) => bigquery_config);
  expect(delivery.bigquery_config).toEqual({
    table: 'acme-data.archive.raw',
    service_account_email: expect.stringContaining('Buffer_archive_Account'),
  });
  expect(delivery.cloud_storage_config).toBeUndefined();
});

test('the Pub/Sub agent may act as the account, and as nobody else in the project', () => {
  const { one, json } = deliver();
  expect(one('google_service_account_iam_member')).toMatchObject({
    role: 'roles/iam.serviceAccountTokenCreator',
    service_account_id: expect.stringMatching(/^\$\{google_service_account\.Buffer_archive_Account_\w+\.name\}$/),
    member: site.pubSubAgent,
  });
  expect(Object.keys(json.resource!).filter((type) => type.startsWith('google_project'))).toEqual([]);
});

test('starts only when every right has had two minutes to spread, and when what cannot be written has somewhere to go', () => {
  const synth = deliver();
  const [sleep] = addressesOf(synth, 'time_sleep');
  const [mint] = addressesOf(synth, 'google_service_account_iam_member');
  const [deadLetter] = addressesOf(synth, 'google_pubsub_subscription').filter((address) => address.includes('dead_letter'));
  expect(deliveryOf(synth).depends_on).toEqual([...addressesOf(synth, 'google_pubsub_topic_iam_member'), deadLetter, sleep]);
  expect(synth.one('time_sleep')).toMatchObject({
    create_duration: '120s',
    depends_on: [mint, 'google_storage_bucket_iam_member.archive'],
    triggers: { [mint!]: expect.stringMatching(/\.id\}$/), 'google_storage_bucket_iam_member.archive': expect.any(String) },
  });
});

test('what cannot be written ten times goes to the dead letter, which the Pub/Sub agent may take it to', () => {
  const { all, one } = deliver();
  expect(deliveryOf({ all })).toMatchObject({
    dead_letter_policy: { dead_letter_topic: '${google_pubsub_topic.events_dead_letter.id}', max_delivery_attempts: 10 },
    retry_policy: { minimum_backoff: '10s', maximum_backoff: '600s' },
  });
  expect(one('google_pubsub_subscription_iam_member')).toMatchObject({
    role: 'roles/pubsub.subscriber',
    subscription: '${google_pubsub_subscription.events_into_archive.id}',
    member: site.pubSubAgent,
  });
});

test('takes the settings of a delivery, as a function does', () =>
  expect(deliveryOf(deliver({ maxRetries: 19, minBackoffSeconds: 0, maxBackoffSeconds: 60 }))).toMatchObject({
    dead_letter_policy: { max_delivery_attempts: 20 },
    retry_policy: { minimum_backoff: '0s', maximum_backoff: '60s' },
  }));

describe('a filter', () => {
  const filterOf = (filter?: string) => deliveryOf(deliver(filter === undefined ? undefined : { filter })).filter;
  const refused = (filter: string) => expect(() => deliver({ filter })).toThrow('test/Buffer: filter must be a filter of Pub/Sub');

  test('chooses by attributes which events are delivered; without one it is every event', () => {
    expect(filterOf('attributes.type = "com.example.reading"')).toBe('attributes.type = "com.example.reading"');
    expect(filterOf()).toBeUndefined();
  });

  test('goes to a function and to a reader too', () => {
    const filter = 'attributes:type';
    const { all } = synthesize((stack) => {
      const buffer = new PubSubBuffer(stack, 'Buffer', { site });
      buffer.deliverTo(new Target(stack, 'Func'), { filter });
      buffer.bindReader(new Somebody(stack, 'Spark'), 'EVENTS', { filter });
    });
    const filters = all('google_pubsub_subscription').map(({ name, filter: one }) => [name, one]);
    expect(Object.fromEntries(filters)).toEqual({
      'acme-events-dead-letter': undefined,
      'acme-events-to-func': filter,
      'acme-events-to-spark': filter,
    });
  });

  test.each([
    'attributes:type',
    'attributes."my key" != "a \\"b\\""',
    'NOT attributes:iana-org',
    '-attributes:x',
    'hasPrefix(attributes.type, "com.example.")',
    'attributes.a = "1" AND NOT attributes.b = "2" AND attributes:c',
    '(attributes.a = "1" OR attributes.a = "2") AND NOT (attributes:b AND attributes:c)',
    'attributes.a = "x AND y OR ("',
    '${var.filter}',
  ])('%s is one', (filter) => expect(filterOf(filter)).toBe(filter));

  test.each([
    '',
    'type = "a"',
    'attributes.a = b',
    "attributes.a = 'b'",
    'attributes.a == "b"',
    'attributes.a = "1" AND attributes.b = "2" OR attributes:c',
    'attributes.a = "1" and attributes:b',
    '(attributes:a',
    'attributes:a attributes:b',
    'hasPrefix(attributes.a)',
    '\u0001',
  ])('%j is none', refused);

  test('is at most 256 bytes long', () => {
    const filter = (length: number) => `attributes.a = "${'é'.repeat(length)}"`;
    expect(filterOf(filter(119))).toBe(filter(119));
    refused(filter(120));
  });
});

test('what waits is kept as long as in the topic, and Terraform refuses to destroy it without both keys', () => {
  expect(deliveryOf(deliver(undefined, { retentionDays: 3 }))).toMatchObject({
    message_retention_duration: `${3 * 24 * 3600}s`,
    expiration_policy: { ttl: '' },
    lifecycle: { prevent_destroy: true },
  });
  const gone = deliver(undefined, { removal: 'destroy' }, { destroyData: 'yes' });
  expect(JSON.stringify(gone.json)).not.toContain('prevent_destroy');
});

test('a file may stay open for ten minutes before Pub/Sub delivers its events again', () =>
  expect(deliveryOf(deliver()).ack_deadline_seconds).toBe(600));

test('an alert fires when events have waited for an hour', () => {
  const late = deliver(undefined, { notify: [onCall] })
    .all('google_monitoring_alert_policy')
    .find(({ conditions }) => conditions[0].display_name === 'oldest_unacked_message_age');
  expect(late).toMatchObject({
    notification_channels: [onCall],
    documentation: { content: 'Events have waited for an hour: Pub/Sub cannot write them into their store.' },
  });
  expect(late.conditions[0].condition_threshold).toMatchObject({
    threshold_value: 3600,
    filter: expect.stringMatching(/subscription_id = "\$\{google_pubsub_subscription\.events_into_archive\.name\}"/),
  });
});

test('the names come from what the user chose, wherever in the tree the buffer stands', () => {
  const namesOf = (build: (stack: Construct) => Construct) => {
    const { all } = synthesize((stack) => {
      const scope = build(stack);
      new PubSubBuffer(scope, 'Buffer', { site, name: 'raw' }).deliverInto(new Archive(scope, 'Archive'), 'archive');
    });
    return [deliveryOf({ all }).name, ...all('google_service_account').map(({ account_id }) => account_id)];
  };
  expect(namesOf((stack) => stack)).toEqual(['acme-raw-into-archive', 'acme-archive-writer']);
  expect(namesOf((stack) => new Construct(stack, 'Nested'))).toEqual(['acme-raw-into-archive', 'acme-archive-writer']);
});

test('stands beside a function that is named like the delivery, each with a subscription of its own', () => {
  const { all } = synthesize((stack) => {
    const buffer = new PubSubBuffer(stack, 'Buffer', { site });
    buffer.deliverTo(new Target(stack, 'Archive'));
    buffer.deliverInto(new Archive(stack, 'Store'), 'archive');
  });
  const names = all('google_pubsub_subscription').map(({ name }) => name);
  expect(new Set(names).size).toBe(3);
});

test('the longest names are ones that the services take', () => {
  const longest: Site = { ...site, prefix: 'p'.repeat(11) };
  const { all, one } = synthesize((stack) =>
    new PubSubBuffer(stack, 'Buffer', { site: longest, name: 'b'.repeat(40) }).deliverInto(new Archive(stack, 'Archive'), 'd'.repeat(11)),
  );
  expect(one('google_service_account').account_id).toMatch(/^(?=.{6,30}$)[a-z](-*[a-z0-9])*$/);
  expect(deliveryOf({ all }).name.length).toBeLessThan(255);
});

describe('refuses', () => {
  const into = (...names: string[]) =>
    synthesize((stack) => {
      for (const [index, name] of names.entries()) {
        const buffer = new PubSubBuffer(stack, `Buffer${index}`, { site, name: `events${index}` });
        buffer.deliverInto(new Archive(buffer, 'Archive'), name);
      }
    });
  const twice = (first: PubSubBuffer, second: PubSubBuffer) => {
    first.deliverInto(new Archive(first, 'Archive'), 'archive');
    second.deliverInto(new Archive(second, 'Other'), 'archive');
  };
  const name = (got: string) =>
    `test/Buffer0: the name of a delivery must be 1 to 11 lower-case letters and digits, got ${got}. The name of a service account has no room for more.`;
  const again = (path: string, owner: string) =>
    `${path}: each delivery of a site must have its own name, got "archive", which ${owner} has. The service account of a delivery has its name.`;

  test.each<[string, () => unknown, string]>([
    ['a name in capitals', () => into('Archive'), name('"Archive"')],
    ['a name with a hyphen', () => into('raw-events'), name('"raw-events"')],
    ['a long name', () => into('a'.repeat(12)), name('"aaaaaaaaaaaa"')],
    ['no name', () => into(''), name('""')],
    [
      'a name that another delivery of the buffer has',
      () =>
        synthesize((stack) => {
          const buffer = new PubSubBuffer(stack, 'Buffer', { site });
          twice(buffer, buffer);
        }),
      again('test/Buffer', 'test/Buffer'),
    ],
    ['a name that a delivery of another buffer has', () => into('archive', 'archive'), again('test/Buffer1', 'test/Buffer0')],
    [
      'few retries',
      () => deliver({ maxRetries: 3 }),
      'test/Buffer: maxRetries must be 4 to 99 retries, got 3. Pub/Sub accepts no other number.',
    ],
    [
      'a long pause',
      () => deliver({ maxBackoffSeconds: 601 }),
      'test/Buffer: maxBackoffSeconds must be 0 to 600 seconds, got 601. Pub/Sub allows no longer pause.',
    ],
    [
      'a filter on the event',
      () => deliver({ filter: 'data.celsius > 5' }),
      'test/Buffer: filter must be a filter of Pub/Sub on attributes, of at most 256 bytes, got "data.celsius > 5". Write it like attributes.type = "com.example.reading". Put AND and OR into brackets if a filter has both.',
    ],
    [
      'a store in another region',
      () =>
        synthesize((stack) => {
          const store = new BigQueryRawStore(stack, 'Store', { site: { ...site, region: 'us-east1' } });
          new PubSubBuffer(stack, 'Buffer', { site }).deliverInto(store, 'raw');
        }),
      'test/Buffer: a store that Pub/Sub writes into must be in the region of its topic, europe-west1, got "us-east1". Create the store in this region, or let a function write into it.',
    ],
  ])('%s', (_, act, message) => expect(act).toThrow(new Error(message)));

  test('no region that is known only at deploy', () => {
    const { all } = synthesize((stack) => {
      const store = new CloudStorageStore(stack, 'Store', { site: { ...site, region: '${var.region}' } });
      new PubSubBuffer(stack, 'Buffer', { site }).deliverInto(store, 'raw');
    });
    expect(all('google_pubsub_subscription')).toHaveLength(2);
  });

  test('nothing where two sites of a stack have a delivery of one name', () => {
    const { all } = synthesize((stack) => {
      const sites = [site, { ...site, prefix: 'other' }];
      const [first, second] = sites.map((one) => new PubSubBuffer(stack, one.prefix, { site: one, name: one.prefix }));
      twice(first!, second!);
    });
    expect(all('google_service_account').map(({ account_id }) => account_id)).toEqual(['acme-archive-writer', 'other-archive-writer']);
  });
});
