import { BRINGS_NOTHING, type Brought, batches, type Load } from '../../../shared/read/facts/cost';
import { promised, setTo } from '../../../shared/read/facts/promise';
import type { Needed, Promised, Seen, ServiceFacts } from '../../../shared/read/facts/types';
import { filter, type Holder, set, type Which } from '../../../shared/read/facts/weaken';
import { facts as joined, type Step } from '../../../shared/read/picture';
import { type Asked, is, only, type Stack, type Value } from '../../../shared/read/stack';
import { alertOn, grantsIn } from '../../foundation/promises';

const SINK = 'google_logging_project_sink';
const SETTINGS = 'data.google_logging_project_settings';
const TRANSFORM = 'message_transforms.javascript_udf.function_name';
const TOPIC = 'google_pubsub_topic';
const AGENT = 'service-1@gcp-sa-logging.iam.gserviceaccount.com';
/** The exclusions that a sink into a topic has, and one into a bucket. */
const OWN = { topic: ['own-resources', 'own-accounts'], bucket: ['own-files'] };

/** The topic of a sink. */
const topicOf: Which = ({ body }, draft) => [...draft.resources.keys()].filter((id) => String(body.destination).includes(`\${${id}.`));

const NOT_RUN = 'Google has no emulator of it. The tests run the transform of log entries on entries as Google publishes them';

export const facts: ServiceFacts = {
  name: 'Cloud Logging',
  local: { not: NOT_RUN, constructs: ['logging-entry'] },
  unproven: [
    'That a sink of a new project writes as the service agent that the settings of the project name, as Google documents it. If not, the apply fails.',
    'That Cloud Logging adds files to a bucket under a condition on their names.',
    'That Pub/Sub runs the transform of log entries as its documentation says.',
    'That no log of a platform is left that its exclusions do not know: the tests read the names of everything that the blueprints create.',
  ],
  types: {
    [SINK]: {
      name: 'log sink',
      replacedBy: ['name', 'project'],
      role: 'moves data',
      tells: (sink) => ['Cloud Logging', topicsOf(sink).length > 0 && isOwnExcluded(sink) ? 'without the logs of the platform' : undefined],
      named: ['name', /^[A-Za-z0-9][\w.-]{0,99}$/],
      flow: stepsOf,
      promises: [
        promised('nothing-lost', 'be created after Cloud Logging may write to its destination', isReady, {
          'it is created before it may write, and its first entries are lost': set('depends_on'),
        }),
        promised(
          'nothing-lost',
          'fail the apply if it writes as another identity than the one with the permission',
          (sink) => sink.get('lifecycle.postcondition').length === 1,
          { 'it may write as another identity, and Google drops its entries': set('lifecycle.postcondition') },
        ),
        setTo({
          rule: 'own-identity',
          must: 'write as the service agent of the project: the other identity is that of every project at Google',
          at: 'unique_writer_identity',
          to: [true],
          weak: false,
          worse: 'it writes as an identity that sinks of other projects share',
        }),
        promised('no-loop', 'take no logs of what it causes', isOwnExcluded, {
          'its own logs feed it': set('exclusions'),
          'an exclusion is off, and its logs feed it': set('exclusions.0.disabled', true),
        }),
        ofTopics(
          promised('no-loop', 'take neither the logs nor the audit logs of its platform', isOwnExcluded, {
            'the logs of its reader feed it': filter('exclusions', (one) => (one as Holder).name !== 'own-resources'),
            'the audit logs of its reader feed it': filter('exclusions', (one) => (one as Holder).name !== 'own-accounts'),
          }),
        ),
        ofTopics(
          promised('contract', 'have a topic that turns its entries into events of the contract', isTransformed, {
            'its topic does not change its entries': set('message_transforms', undefined, topicOf),
          }),
        ),
        ofTopics(
          promised(
            'reaches-its-topic',
            'have a topic that accepts messages from all regions: Cloud Logging publishes from those of the entries',
            (sink) => topicsOf(sink).every((topic) => !is(topic, 'message_storage_policy.enforce_in_transit', true)),
            { 'its topic refuses entries of other regions': set('message_storage_policy.enforce_in_transit', true, topicOf) },
          ),
        ),
        alertOn({
          what: 'entries that could not be delivered',
          must: 'have its own alert that fires when an entry could not be delivered',
          metric: 'exports/error_count"',
          label: 'name',
          atMost: 0,
        }),
      ],
      answered: {
        'bounded-retries': 'Cloud Logging retries for a while that Google does not document, and counts what it drops: an alert tells so.',
      },
      needs: needsOf,
      costs: 'Cloud Logging routes entries free of charge. What takes them is billed.',
      brings,
      apis: ['logging'],
      computed: { writer_identity: `serviceAccount:${AGENT}` },
      // Nothing writes logs there. An archive is empty then, and no event is missing.
      local: ({ destination }) => (String(destination).startsWith('storage.googleapis.com/') ? 'no effect here' : { notRun: NOT_RUN }),
    },
    [SETTINGS]: {
      name: 'service agent of Cloud Logging',
      role: 'helps',
      apis: ['logging'],
      computed: { logging_service_account_id: AGENT },
      local: 'no effect here',
    },
  },
};

function topicsOf(sink: Asked): readonly Asked[] {
  return sink.refers('destination').filter(({ type }) => type === TOPIC);
}

function ofTopics(promise: Promised): Promised {
  return { ...promise, concerns: (sink) => topicsOf(sink).length > 0 };
}

function isTransformed(sink: Asked): boolean {
  return topicsOf(sink).every((topic) => topic.get(TRANSFORM).includes('eventOfLogEntry'));
}

function isOwnExcluded(sink: Asked): boolean {
  const active = (sink.get('exclusions') as readonly Holder[]).filter(({ disabled }) => disabled !== true).map(({ name }) => name);
  return OWN[topicsOf(sink).length > 0 ? 'topic' : 'bucket'].every((name) => active.includes(name));
}

function isReady(sink: Asked, stack: Stack): boolean {
  const earlier = sink.before();
  const to = new Set(sink.refers('destination').map(({ id }) => id));
  return grantsIn(stack).some((grant) => earlier.has(grant.id) && grant.refers().some(({ id }) => to.has(id)));
}

/** From whoever logs, and on to the topic or to the bucket. */
function stepsOf(sink: Asked, seen: Seen): Step[] {
  const [to] = sink.refers('destination');
  const isTopic = to?.type === TOPIC;
  const taken = String(only(sink, 'filter')).replace(/\s+/g, ' ');
  const shown = isTopic ? taken : foldersOf(taken);
  const how = isTopic ? 'each entry is an event' : 'a file for each log and hour';
  const onward = { from: sink.stage, how, to: to?.stage ?? 'an existing bucket', notes: seen.tell(to) };
  return [
    {
      from: 'client',
      how: joined('writes log entries', shown.length > 60 ? `${shown.slice(0, 59)}…` : shown),
      to: sink.stage,
      notes: seen.tell(sink),
      between: ['client', sink.id],
    },
    { ...onward, between: [sink.id, to?.id ?? 'an existing bucket'] },
  ];
}

/** https://cloud.google.com/logging/docs/export/configure_export_v2#dest-auth */
function needsOf(sink: Asked): Needed[] {
  const who = [...sink.before()].find((id) => id.startsWith(`${SETTINGS}.`)) ?? 'the service agent of Cloud Logging';
  const because = 'Cloud Logging writes entries there';
  const [, bucket] = /^storage\.googleapis\.com\/(.+)$/.exec(String(only(sink, 'destination'))) ?? [];
  if (bucket === undefined) return topicsOf(sink).map(({ id }) => ({ who, may: 'pubsub.topics.publish', on: id, because }));
  const below = `resource.name.startsWith("projects/_/buckets/${bucket}/objects/${foldersOf(only(sink, 'filter'))}")`;
  return [{ who, may: 'storage.objects.create', on: bucket, only: below, because }];
}

/** The folder of the logs that a filter names. */
function foldersOf(taken: Value): string {
  const [, logs = ''] = /logName=~"\/logs\/(.+?)\(%2F\|\$\)"/.exec(String(taken)) ?? [];
  return `${logs.replaceAll('[.]', '.').replaceAll('%2F', '/')}/`;
}

/** A file holds the entries of a log and an hour. */
function brings(sink: Asked, { events }: Load): Brought {
  if (topicsOf(sink).length > 0) return BRINGS_NOTHING();
  return { calls: 0, writes: batches(events, { records: Number.POSITIVE_INFINITY, window: 3600, parts: 1 }), packed: 1 };
}
