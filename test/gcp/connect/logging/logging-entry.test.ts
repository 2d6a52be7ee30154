import { LoggingEntry, type LoggingEntryProps } from '../../../../gcp/connect/logging/logging-entry';
import { PubSubBuffer } from '../../../../gcp/connect/pub-sub/pub-sub-buffer';
import { CloudStorageStore } from '../../../../gcp/store/cloud-storage/cloud-storage-store';
import { documentedDefaults } from '../../../support/defaults';
import { expectSnapshot } from '../../../support/snapshot';
import { onCall, readable, site, synthesize } from '../../stand-ins';

const make = (props: Partial<LoggingEntryProps> = {}, buffer: object = {}) =>
  synthesize((stack) => {
    const sink = new PubSubBuffer(stack, 'Buffer', { site, name: 'logs', ...buffer });
    return new LoggingEntry(stack, 'Connect', { site, sink, filter: 'severity>=ERROR', ...props });
  });
/** The resources of the entry itself. */
function own({ json }: ReturnType<typeof make>) {
  const named = Object.entries(json.resource!).map(([type, made]) => [
    type,
    Object.fromEntries(Object.entries(made).filter(([id]) => /^Connect_|^logs_eventOf/.test(id) || type === 'google_logging_project_sink')),
  ]);
  return { data: json.data, resource: Object.fromEntries(named.filter(([, made]) => Object.keys(made!).length > 0)) };
}

test('the snapshot', () => {
  expectSnapshot(
    'gcp/connect/logging/logging-entry.snapshot.yaml',
    'Cloud Logging may publish two minutes before the sink exists; what the platform logs itself is excluded, or it would feed itself.',
    readable(own(make())),
  );
});

test('documents the defaults that it has', () => {
  const { one } = make();
  expect(documentedDefaults('gcp/connect/logging/logging-entry.ts', 'LoggingEntryProps')).toEqual({
    name: one('google_logging_project_sink').name.slice('acme-'.length),
  });
  expect(JSON.stringify(make().json.resource)).not.toContain('condition_absent');
});

test('takes every setting', () => {
  const synth = make({ name: 'shop', filter: 'resource.type="gce_instance"\nseverity>=WARNING', maxSilenceMinutes: 30, notify: [onCall] });
  expect(synth.one('google_logging_project_sink')).toMatchObject({
    name: 'acme-shop',
    filter: 'resource.type="gce_instance"\nseverity>=WARNING',
    destination: 'pubsub.googleapis.com/${google_pubsub_topic.logs.id}',
  });
  const alerts = synth.all('google_monitoring_alert_policy').filter(({ display_name }) => display_name.includes('google_logging'));
  expect(alerts.map(({ conditions, notification_channels }) => [conditions[0].display_name, notification_channels])).toEqual([
    ['exports/error_count', [onCall]],
    ['exports/log_entry_count is absent', [onCall]],
  ]);
  expect(alerts[1].conditions[0].condition_absent.duration).toBe('1800s');
});

test('may publish two minutes before the sink is created, so that no entry is lost', () => {
  const { one, json } = make();
  const sink = one('google_logging_project_sink');
  const [wait] = Object.entries(json.resource!.time_sleep!).filter(([id]) => sink.depends_on.includes(`time_sleep.${id}`));
  expect(wait![1]).toMatchObject({
    create_duration: '120s',
    depends_on: ['google_pubsub_topic_iam_member.logs_eventOfLogEntry_acme_data'],
  });
});

test('the permission stays where it is while an API is added', () => {
  const { json } = make();
  const [grant] = Object.entries(json.resource!.google_pubsub_topic_iam_member!).filter(([id]) => id.startsWith('logs_eventOf'));
  expect(grant![1]).toMatchObject({
    role: 'roles/pubsub.publisher',
    topic: '${google_pubsub_topic.logs.id}',
    member: expect.stringMatching(/^serviceAccount:\$\{data\.google_logging_project_settings\.\w+\.logging_service_account_id\}$/),
    lifecycle: { ignore_changes: ['member'] },
  });
});

test('a sink that writes as somebody else fails the apply, because Google would drop its entries in silence', () => {
  const [{ condition }] = make().one('google_logging_project_sink').lifecycle.postcondition;
  expect(condition).toMatch(
    /^\$\{\(?self\.writer_identity == "serviceAccount:\$\{data\.google_logging_project_settings\.\w+\.logging_service_account_id\}"\)?\}$/,
  );
});

test('its topic turns log entries into events, and new objects too if these are sent there', () => {
  const { all } = synthesize((stack) => {
    const sink = new PubSubBuffer(stack, 'Buffer', { site, name: 'logs' });
    new CloudStorageStore(stack, 'Store', { site }).deliverCreated(sink);
    new LoggingEntry(stack, 'Connect', { site, sink, filter: 'severity>=ERROR' });
  });
  const [topic] = all('google_pubsub_topic').filter(({ message_transforms }) => message_transforms);
  expect(topic.message_transforms.map((one: any) => one.javascript_udf.function_name)).toEqual(['eventOfObject', 'eventOfLogEntry']);
});

test('keeps its address, because the provider would adopt a moved sink and delete it in one apply', () => {
  const { json } = make();
  expect(Object.keys(json.resource!.google_logging_project_sink!)).toEqual(['logs']);
  expect(json.moved).toContainEqual({
    from: expect.stringMatching(/^google_logging_project_sink\.Connect_Sink_/),
    to: 'google_logging_project_sink.logs',
  });
});

describe('refuses', () => {
  test('a buffer that takes messages from its region only', () =>
    expect(() => make({}, { enforceInTransit: true })).toThrow(
      new Error(
        'test/Connect: sink must accept messages from all regions, got a buffer with enforceInTransit. Leave enforceInTransit of the buffer out: Cloud Logging publishes from the regions of the entries.',
      ),
    ));

  test('a buffer over a topic that is there already, whose transforms it would replace', () =>
    expect(() => make({}, { topicId: 'projects/acme-data/topics/orders' })).toThrow(
      new Error(
        'test/Connect: a buffer of notifications must create its topic, got test/Buffer with topicId projects/acme-data/topics/orders. Leave topicId out: the topic must turn notifications into events.',
      ),
    ));

  test('two sinks of one name', () =>
    expect(() =>
      synthesize((stack) => {
        const sink = new PubSubBuffer(stack, 'Buffer', { site });
        const other = new PubSubBuffer(stack, 'Other', { site, name: 'other' });
        new LoggingEntry(stack, 'First', { site, sink, filter: 'severity>=ERROR' });
        new LoggingEntry(stack, 'Second', { site, sink: other, filter: 'severity>=ERROR' });
      }),
    ).toThrow(
      new Error('test/Second: each log sink of a site must have its own name, got "logs", which test/First has. Set name on one of them.'),
    ));

  test('two sinks into one buffer, whose permission would go with either', () =>
    expect(() =>
      synthesize((stack) => {
        const sink = new PubSubBuffer(stack, 'Buffer', { site });
        for (const name of ['first', 'second']) new LoggingEntry(stack, name, { site, sink, name, filter: 'severity>=ERROR' });
      }),
    ).toThrow(
      new Error('test/second: sink must have one log sink, got a second one beside test/first. Join the filters of both with OR.'),
    ));

  const filter = (got: string) =>
    `test/Connect: filter must be a filter of Cloud Logging, of 1 to 20000 characters, got ${got}. Write it like severity>=ERROR. Without a filter, every entry of the project would be taken.`;
  test.each<[string, Partial<LoggingEntryProps>, string]>([
    ['no filter', { filter: '' }, filter('""')],
    ['a filter of spaces', { filter: ' \n' }, filter('" \\n"')],
    [
      'a name in capitals',
      { name: 'Logs' },
      'test/Connect: name must be 1 to 40 lower-case letters, digits and hyphens, got "Logs". Start with a letter.',
    ],
    [
      'a silence that is shorter than the delay of the metric',
      { maxSilenceMinutes: 14 },
      'test/Connect: maxSilenceMinutes must be 15 to 1410 minutes, got 14. Leave it out for logs that can be silent for longer.',
    ],
    [
      'a silence that Google does not look back to',
      { maxSilenceMinutes: 1411 },
      'test/Connect: maxSilenceMinutes must be 15 to 1410 minutes, got 1411. Leave it out for logs that can be silent for longer.',
    ],
    [
      'a channel that is none',
      { notify: ['me@example.com'] },
      'test/Connect: notify must be ids of notification channels, got "me@example.com". See gcloud beta monitoring channels list.',
    ],
  ])('%s', (_, props, message) => expect(() => make(props)).toThrow(new Error(message)));
});
