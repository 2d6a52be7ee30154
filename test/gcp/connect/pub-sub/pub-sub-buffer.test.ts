import { Construct } from 'constructs';
import { PubSubBuffer, type PubSubBufferProps } from '../../../../gcp/connect/pub-sub/pub-sub-buffer';
import type { Delivery } from '../../../../gcp/ports/delivery';
import type { Reading } from '../../../../gcp/ports/records';
import { CloudStorageStore } from '../../../../gcp/store/cloud-storage/cloud-storage-store';
import { documentedDefaults } from '../../../support/defaults';
import { expectSnapshot } from '../../../support/snapshot';
import { key, onCall, readable, Somebody, site, synthesize, Target } from '../../stand-ins';

const topicId = 'projects/theirs/topics/orders';
const DAY_SECONDS = 24 * 60 * 60;
const make = (props: Partial<PubSubBufferProps> = {}, context = {}) =>
  synthesize((stack) => new PubSubBuffer(stack, 'Buffer', { site, ...props }), context);

function deliver(delivery?: Delivery, props: Partial<PubSubBufferProps> = {}, timeoutSeconds?: number) {
  return synthesize((stack) => {
    const target = new Target(stack, 'Target', timeoutSeconds);
    new PubSubBuffer(stack, 'Buffer', { site, ...props }).deliverTo(target, delivery);
  });
}

type Synth = ReturnType<typeof deliver>;
const pushOf = ({ all }: Synth) => all('google_pubsub_subscription').find(({ push_config }) => push_config);
const topicOf = ({ all }: Pick<Synth, 'all'>, name: string) => all('google_pubsub_topic').find((topic) => topic.name === name);
const addressesOf = ({ json }: Synth, type: string) => Object.keys(json.resource![type]!).map((id) => `${type}.${id}`);

test('the snapshot', () => {
  expectSnapshot(
    'gcp/connect/pub-sub/pub-sub-buffer.snapshot.yaml',
    'Events stay in the region; Terraform refuses to destroy the topics; what cannot be processed is kept by a subscription that never expires.',
    readable(make().json.resource),
  );
});

test('the snapshot of a delivery', () => {
  const { google_pubsub_subscription, google_pubsub_subscription_iam_member } = deliver().json.resource!;
  const inTarget = (named: object) => Object.fromEntries(Object.entries(named).filter(([id]) => id.includes('to_target')));
  expectSnapshot(
    'gcp/connect/pub-sub/pub-sub-delivery.snapshot.yaml',
    'The target is called as its invoker and told which attempt is the last; after that the Pub/Sub agent forwards to the dead letter.',
    readable({
      google_pubsub_subscription: inTarget(google_pubsub_subscription!),
      google_pubsub_subscription_iam_member: inTarget(google_pubsub_subscription_iam_member!),
    }),
  );
});

test('documents the defaults that it has', () => {
  const topic = topicOf(make(), 'acme-events');
  expect(documentedDefaults('gcp/connect/pub-sub/pub-sub-buffer.ts', 'PubSubBufferProps')).toEqual({
    name: topic.name.slice('acme-'.length),
    retentionDays: String(Number.parseInt(topic.message_retention_duration, 10) / DAY_SECONDS),
    enforceInTransit: String(topic.message_storage_policy.enforce_in_transit),
    ordered: String(pushOf(deliver()).enable_message_ordering ?? false),
    removal: topic.lifecycle.prevent_destroy ? 'retain' : 'destroy',
  });
});

test('takes every setting', () => {
  const { all, one, json } = make(
    { name: 'raw', retentionDays: 31, encryptionKey: key, notify: [onCall], removal: 'destroy' },
    { destroyData: 'yes' },
  );
  const topics = all('google_pubsub_topic');
  expect(topics.map(({ name, kms_key_name, lifecycle }) => ({ name, kms_key_name, lifecycle }))).toEqual(
    ['acme-raw', 'acme-raw-dead-letter'].map((name) => ({ name, kms_key_name: key, lifecycle: undefined })),
  );
  expect(topics[0].message_retention_duration).toBe(`${31 * DAY_SECONDS}s`);
  expect(JSON.stringify(json)).not.toContain('prevent_destroy');
  expect(one('google_monitoring_alert_policy').notification_channels).toEqual([onCall]);
});

test('the Pub/Sub agent may use the key for two minutes before a topic is encrypted with it', () => {
  const { all, one, json } = make({ encryptionKey: key });
  expect(one('google_kms_crypto_key_iam_member')).toMatchObject({
    crypto_key_id: key,
    role: 'roles/cloudkms.cryptoKeyEncrypterDecrypter',
    member: site.pubSubAgent,
  });
  const [grant] = Object.keys(json.resource!.google_kms_crypto_key_iam_member!);
  const [pause] = Object.keys(json.resource!.time_sleep!);
  expect(one('time_sleep')).toMatchObject({ create_duration: '120s', depends_on: [`google_kms_crypto_key_iam_member.${grant}`] });
  for (const { depends_on } of all('google_pubsub_topic')) expect(depends_on).toContain(`time_sleep.${pause}`);
});

test('senders of other regions are let in unless somebody says otherwise, and the dead letter says the same as its topic', () => {
  const waysOf = (props?: Partial<PubSubBufferProps>) =>
    make(props)
      .all('google_pubsub_topic')
      .map(({ message_storage_policy }) => message_storage_policy.enforce_in_transit);
  expect(waysOf()).toEqual([false, false]);
  expect(waysOf({ enforceInTransit: true })).toEqual([true, true]);
});

test('hands back the subscriptions that it made', () => {
  const { built } = synthesize((stack) => new PubSubBuffer(stack, 'Buffer', { site }).deliverTo(new Target(stack, 'Target')));
  expect(built.nameInput).toBe('acme-events-to-target');
});

test('uses a topic that is there already', () => {
  const { built, all } = make({ topicId });
  expect(built.topic).toBeUndefined();
  expect(built.sendRequest.url).toBe(`https://europe-west1-pubsub.googleapis.com/v1/${topicId}:publish`);
  expect(all('google_pubsub_topic').map(({ name }) => name)).toEqual(['acme-events-dead-letter']);
});

test('stands twice in one stack', () => {
  const { all } = synthesize((stack) => ['a', 'b'].map((name) => new PubSubBuffer(stack, name, { site, name })));
  expect(new Set(all('google_pubsub_topic').map(({ name }) => name)).size).toBe(4);
});

test('every topic waits for the site', () => {
  for (const { depends_on } of make().all('google_pubsub_topic')) expect(depends_on).toEqual(['time_sleep.site']);
});

describe('delivery', () => {
  test('an event that fails ten times ends in the dead letter', () => {
    const synth = deliver();
    const push = pushOf(synth);
    expect(push.dead_letter_policy.max_delivery_attempts).toBe(10);
    expect(push.dead_letter_policy.dead_letter_topic).toContain('google_pubsub_topic.events_dead_letter');
    expect(push.retry_policy).toEqual({ minimum_backoff: '10s', maximum_backoff: '600s' });
  });

  test('an event that waits is kept as long as in the topic, and the subscription never expires', () => {
    const push = pushOf(deliver(undefined, { retentionDays: 3 }));
    expect(push).toMatchObject({ message_retention_duration: `${3 * DAY_SECONDS}s`, expiration_policy: { ttl: '' } });
  });

  test('calls the target as its invoker, with a token for the target alone', () => {
    expect(pushOf(deliver()).push_config).toEqual({
      push_endpoint: 'https://target.run.app?maxDeliveryAttempts=10&timeoutSeconds=60',
      oidc_token: { service_account_email: 'invoker@acme-data.iam.gserviceaccount.com', audience: 'https://target.run.app' },
    });
  });

  test('tells the target how many attempts there are, and how long one may take', () => {
    const push = pushOf(deliver({ maxRetries: 19, minBackoffSeconds: 0, maxBackoffSeconds: 60 }));
    expect(push.push_config.push_endpoint).toMatch(/\?maxDeliveryAttempts=20&/);
    expect(push.dead_letter_policy.max_delivery_attempts).toBe(20);
    expect(push.retry_policy).toEqual({ minimum_backoff: '0s', maximum_backoff: '60s' });
  });

  test('waits for an answer as long as the target may take', () =>
    expect(pushOf(deliver(undefined, {}, 540)).ack_deadline_seconds).toBe(540));

  test('starts only when the invoker may call, and when what cannot be delivered has somewhere to go', () => {
    const synth = deliver();
    const [deadLetterSubscription] = addressesOf(synth, 'google_pubsub_subscription').filter((address) => address.includes('dead_letter'));
    expect(pushOf(synth).depends_on).toEqual([
      ...addressesOf(synth, 'google_pubsub_topic_iam_member'),
      deadLetterSubscription,
      'google_cloud_run_v2_service_iam_member.target',
    ]);
  });

  test('the Pub/Sub agent may take from the subscription and add to the dead letter, and nothing in the whole project', () => {
    const { one, json } = deliver();
    expect(one('google_pubsub_topic_iam_member')).toMatchObject({
      role: 'roles/pubsub.publisher',
      topic: '${google_pubsub_topic.events_dead_letter.id}',
      member: site.pubSubAgent,
    });
    expect(one('google_pubsub_subscription_iam_member')).toMatchObject({
      role: 'roles/pubsub.subscriber',
      subscription: '${google_pubsub_subscription.events_to_target.id}',
      member: site.pubSubAgent,
    });
    expect(Object.keys(json.resource!).filter((type) => type.startsWith('google_project'))).toEqual([]);
  });

  test('an alert fires when events have waited for an hour', () => {
    const late = deliver(undefined, { notify: [onCall] })
      .all('google_monitoring_alert_policy')
      .find(({ conditions }) => conditions[0].display_name === 'oldest_unacked_message_age');
    expect(late.notification_channels).toEqual([onCall]);
    expect(late.conditions[0].condition_threshold).toMatchObject({
      threshold_value: 3600,
      filter: expect.stringMatching(
        /^resource\.type = "pubsub_subscription" AND resource\.labels\.subscription_id = "\$\{google_pubsub_subscription\.events_to_target\.name\}" AND metric\.type = "pubsub\.googleapis\.com\/subscription\/oldest_unacked_message_age"$/,
      ),
    });
  });

  test('goes to several targets, each with a subscription of its own', () => {
    const { all } = synthesize((stack) => {
      const buffer = new PubSubBuffer(stack, 'Buffer', { site });
      for (const id of ['One', 'Two']) buffer.deliverTo(new Target(stack, id));
    });
    const names = all('google_pubsub_subscription').map(({ name }) => name);
    expect(names.filter((name) => !name.includes('dead-letter'))).toEqual(['acme-events-to-one', 'acme-events-to-two']);
  });
});

test('a writer may publish to this topic, and is told where', () => {
  const { built, one } = synthesize((stack) =>
    new PubSubBuffer(stack, 'Buffer', { site, topicId }).bindWriter(new Somebody(stack, 'Press'), 'EVENTS'),
  );
  expect(built.settings).toEqual({
    EVENTS_TOPIC: topicId,
    EVENTS_ENDPOINT: 'europe-west1-pubsub.googleapis.com',
    EVENTS_ORDERED: 'false',
  });
  expect(built.waitFor).toHaveLength(1);
  expect(Object.keys(one('google_pubsub_subscription'))).toContain('expiration_policy');
});

test('a reader gets a subscription of its own, is told where, and may take from no other', () => {
  const { built, all } = synthesize((stack) =>
    new PubSubBuffer(stack, 'Buffer', { site }).bindReader(new Somebody(stack, 'Spark'), 'EVENTS'),
  );
  expect(built.settings).toEqual({
    EVENTS_SUBSCRIPTION: expect.stringContaining('TfToken'),
    EVENTS_ENDPOINT: 'europe-west1-pubsub.googleapis.com',
    EVENTS_ATTEMPTS: '10',
  });
  const [own] = all('google_pubsub_subscription').filter(({ name }) => name === 'acme-events-to-spark');
  expect(own).toMatchObject({ expiration_policy: { ttl: '' }, message_retention_duration: `${7 * DAY_SECONDS}s` });
  const subscription = '${google_pubsub_subscription.events_to_spark.id}';
  expect(all('google_pubsub_subscription_iam_member').map((grant) => [grant.subscription, grant.role, grant.member])).toEqual([
    [subscription, 'roles/pubsub.subscriber', 'serviceAccount:spark@acme-data.iam.gserviceaccount.com'],
    [subscription, 'roles/pubsub.subscriber', site.pubSubAgent],
  ]);
});

test('what a reader does not acknowledge comes again after a pause, and ends in the dead letter', () => {
  const read = (delivery?: Delivery) =>
    synthesize((stack) => new PubSubBuffer(stack, 'Buffer', { site }).bindReader(new Somebody(stack, 'Spark'), 'EVENTS', delivery))
      .all('google_pubsub_subscription')
      .find(({ name }) => name.endsWith('spark'));
  expect(read()).toMatchObject({
    dead_letter_policy: { dead_letter_topic: '${google_pubsub_topic.events_dead_letter.id}', max_delivery_attempts: 10 },
    retry_policy: { minimum_backoff: '10s', maximum_backoff: '600s' },
    lifecycle: { prevent_destroy: true },
    depends_on: [expect.stringMatching(/^google_pubsub_topic_iam_member\./), 'google_pubsub_subscription.events_dead_letter'],
  });
  expect(read({ maxRetries: 49, minBackoffSeconds: 1 })).toMatchObject({
    dead_letter_policy: { max_delivery_attempts: 50 },
    retry_policy: { minimum_backoff: '1s' },
  });
});

test('a reader with a limit of retries is told of its last attempt, and an alert fires when deadlines expire; without a limit there is neither', () => {
  const read = (reading?: Reading) =>
    synthesize((stack) => new PubSubBuffer(stack, 'Buffer', { site }).bindReader(new Somebody(stack, 'Spark'), 'EVENTS', reading));
  const alertsOf = ({ all }: ReturnType<typeof read>) =>
    all('google_monitoring_alert_policy').filter(({ display_name }) => display_name.endsWith(': expired_ack_deadlines_count'));
  const [limited, unlimited] = [read({ maxRetries: 49 }), read({ unlimitedRetries: true })];
  expect([limited.built.settings.EVENTS_ATTEMPTS, unlimited.built.settings.EVENTS_ATTEMPTS]).toEqual(['50', undefined]);
  expect([alertsOf(limited).length, alertsOf(unlimited).length]).toEqual([1, 0]);
  const { filter, threshold_value } = alertsOf(limited)[0].conditions[0].condition_threshold;
  expect(filter).toContain('resource.labels.subscription_id = "${google_pubsub_subscription.events_to_spark.name}"');
  expect(threshold_value).toBe(0);
});

describe('with ordered', () => {
  const readers = (ordered?: boolean) =>
    synthesize((stack) => {
      const buffer = new PubSubBuffer(stack, 'Buffer', { site, ordered });
      buffer.deliverTo(new Target(stack, 'Func'));
      buffer.bindReader(new Somebody(stack, 'Spark'), 'EVENTS');
      buffer.bindReader(new Somebody(stack, 'Engine'), 'EVENTS', { unlimitedRetries: true });
      buffer.deliverInto(new CloudStorageStore(stack, 'Store', { site }), 'archive');
      return buffer;
    });
  const messageOf = (event: object, ordered = true) => {
    const [message] = JSON.parse(readers(ordered).built.sendRequest.body(JSON.stringify(event))).messages;
    return message;
  };
  const ordersOf = (ordered?: boolean) =>
    Object.fromEntries(
      readers(ordered)
        .all('google_pubsub_subscription')
        .map((one) => [one.name.replace('acme-events-', ''), one.enable_message_ordering]),
    );

  test('functions and readers get the events of a key in order; stores and engines with a dead letter of their own get them in any', () =>
    expect(ordersOf(true)).toEqual({
      'to-func': true,
      'to-spark': true,
      'to-engine': undefined,
      'into-archive': undefined,
      'dead-letter': undefined,
    }));

  test('without it nothing says so, and the subscriptions stay as they were', () =>
    expect(Object.values(ordersOf())).toEqual(Array(5).fill(undefined)));

  test('a client sends the partitionkey as the ordering key, to one region', () => {
    const event = { id: '1', partitionkey: 'press-7' };
    expect(messageOf(event)).toEqual({ data: Buffer.from(JSON.stringify(event)).toString('base64'), orderingKey: 'press-7' });
    expect(readers(true).built.sendRequest.url).toMatch(/^https:\/\/europe-west1-pubsub\./);
  });

  test.each([{ id: '1' }, { id: '1', partitionkey: null }])('an event without a key has none: %j', (event) =>
    expect(messageOf(event)).not.toHaveProperty('orderingKey'),
  );

  test('a client of a buffer without order sends no key: a key has 1 MB a second', () =>
    expect(messageOf({ partitionkey: 'press-7' }, false)).not.toHaveProperty('orderingKey'));

  test('a publisher of the stack is told to set keys', () => {
    const { built } = synthesize((stack) =>
      new PubSubBuffer(stack, 'Buffer', { site, topicId, ordered: true }).bindWriter(new Somebody(stack, 'Press'), 'EVENTS'),
    );
    expect(built.settings.EVENTS_ORDERED).toBe('true');
  });

  test('a reader of the stack is told to keep the order of keys, unless it has none', () => {
    const told = (props: Partial<PubSubBufferProps>, reading?: Reading) =>
      synthesize((stack) =>
        new PubSubBuffer(stack, 'Buffer', { site, ...props }).bindReader(new Somebody(stack, 'Spark'), 'EVENTS', reading),
      ).built.settings.EVENTS_ORDERED;
    expect([told({ ordered: true }), told({}), told({ ordered: true }, { unlimitedRetries: true })]).toEqual([
      'true',
      undefined,
      undefined,
    ]);
  });

  test('an event that fails holds up its key no longer than its retries: the dead letter takes it', () => {
    const { all } = readers(true);
    const ordered = all('google_pubsub_subscription').filter((one) => one.enable_message_ordering);
    expect(ordered.map(({ dead_letter_policy }) => dead_letter_policy.max_delivery_attempts)).toEqual([10, 10]);
  });

  test('order changes no name and no address: Terraform refuses to replace a subscription with waiting events', () => {
    const addresses = [true, false].map((ordered) => Object.keys(readers(ordered).json.resource!.google_pubsub_subscription!));
    expect(addresses[0]).toEqual(addresses[1]);
    const { all } = readers(true);
    for (const { lifecycle } of all('google_pubsub_subscription')) expect(lifecycle).toEqual({ prevent_destroy: true });
  });
});

test('whoever writes to the dead letter may publish there and nowhere else', () => {
  const { built, all } = synthesize((stack) =>
    new PubSubBuffer(stack, 'Buffer', { site }).deadLetter.bindWriter(new Somebody(stack, 'Writer'), 'DEAD_LETTER'),
  );
  expect(Object.keys(built.settings)).toEqual(['DEAD_LETTER_TOPIC', 'DEAD_LETTER_ENDPOINT']);
  const [grant] = all('google_pubsub_topic_iam_member').filter(({ member }) => member !== site.pubSubAgent);
  expect(grant).toMatchObject({ role: 'roles/pubsub.publisher', topic: '${google_pubsub_topic.events_dead_letter.id}' });
});

test('the dead letter is kept for 31 days, by a subscription that never expires, and an alert fires at the first message', () => {
  const { one } = make();
  expect(one('google_pubsub_subscription')).toMatchObject({
    message_retention_duration: `${31 * DAY_SECONDS}s`,
    expiration_policy: { ttl: '' },
  });
  const { filter, threshold_value, comparison } = one('google_monitoring_alert_policy').conditions[0].condition_threshold;
  expect(filter).toContain('subscription/num_undelivered_messages');
  expect([comparison, threshold_value]).toEqual(['COMPARISON_GT', 0]);
});

describe('refuses', () => {
  const removal = (got: string) =>
    `test/Buffer: removal 'destroy' needs the context destroyData to be "yes", got ${got}. Set DESTROY_DATA=yes in the environment of this command, or leave removal out to keep the data.`;

  test.each<[string, () => unknown, string]>([
    [
      'a name that no topic takes',
      () => make({ name: 'Events' }),
      'test/Buffer: name must be 1 to 40 lower-case letters, digits and hyphens, got "Events". Start with a letter.',
    ],
    [
      'a long retention',
      () => make({ retentionDays: 32 }),
      'test/Buffer: retentionDays must be 1 to 31 days, got 32. For longer replay, keep the raw events in a store.',
    ],
    [
      'a topic that is none',
      () => make({ topicId: 'orders' }),
      'test/Buffer: topicId must be the id of a topic, got "orders". Write it like projects/example/topics/orders.',
    ],
    [
      'settings for a topic that is there',
      () => make({ topicId, retentionDays: 2 }),
      'test/Buffer: topicId keeps its own settings, got retentionDays beside it. Leave retentionDays out.',
    ],
    [
      'no word on the way of events',
      () => make({ enforceInTransit: 'yes' as never }),
      'test/Buffer: enforceInTransit must be true or false, got "yes". Leave it out to accept requests from other regions.',
    ],
    [
      'no word on the order',
      () => make({ ordered: 'yes' as never }),
      'test/Buffer: ordered must be true or false, got "yes". Leave it out to deliver events in any order.',
    ],
    [
      'notifications of a Google service in order',
      () =>
        synthesize((stack) => {
          const sink = new PubSubBuffer(stack, 'Buffer', { site, ordered: true });
          new CloudStorageStore(stack, 'Store', { site }).deliverCreated(sink);
        }),
      'test/Store/Created: a buffer of notifications must not be ordered, got test/Buffer with ordered. Take a buffer without ordered: a Google service sets no key, and a transform cannot.',
    ],
    [
      'a reader whose name no subscription takes',
      () =>
        synthesize((stack) =>
          new PubSubBuffer(stack, 'Buffer', { site }).bindReader(
            Object.assign(new Construct(stack, 'Job'), { name: 'My job', member: 'x' }),
            'EVENTS',
          ),
        ),
      'test/Job: the name of a reader must be 1 to 40 lower-case letters, digits and hyphens, got "My job". Its subscription has the same name.',
    ],
    [
      'a key that is none',
      () => make({ encryptionKey: 'key' }),
      'test/Buffer: encryptionKey must be the id of a key, got "key". See gcloud kms keys list.',
    ],
    ['one key to destroy', () => make({ removal: 'destroy' }), removal('nothing')],
    ['a wrong second key', () => make({ removal: 'destroy' }, { destroyData: 'true' }), removal('"true"')],
    [
      'few retries',
      () => deliver({ maxRetries: 3 }),
      'test/Buffer: maxRetries must be 4 to 99 retries, got 3. Pub/Sub accepts no other number.',
    ],
    [
      'many retries',
      () => deliver({ maxRetries: 100 }),
      'test/Buffer: maxRetries must be 4 to 99 retries, got 100. Pub/Sub accepts no other number.',
    ],
    [
      'a long pause',
      () => deliver({ maxBackoffSeconds: 601 }),
      'test/Buffer: maxBackoffSeconds must be 0 to 600 seconds, got 601. Pub/Sub allows no longer pause.',
    ],
    [
      'a first pause that is longer than the longest',
      () => deliver({ minBackoffSeconds: 20, maxBackoffSeconds: 10 }),
      'test/Buffer: minBackoffSeconds must be 0 to 10 seconds, got 20. It must not be above maxBackoffSeconds.',
    ],
    [
      'a target that takes longer than Pub/Sub waits',
      () => deliver(undefined, {}, 900),
      'test/Target: timeoutSeconds must be 10 to 600 seconds, got 900. It is the limit of Pub/Sub for an acknowledgement.',
    ],
  ])('%s', (_, act, message) => expect(act).toThrow(new Error(message)));
});
