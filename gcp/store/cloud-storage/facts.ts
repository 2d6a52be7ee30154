import { BRINGS_NOTHING, type Cost, GIB, type Load, MONTH } from '../../../shared/read/facts/cost';
import { promised } from '../../../shared/read/facts/promise';
import type { Ask, Needed, Promised, Seen, ServiceFacts } from '../../../shared/read/facts/types';
import { both, filter, type Holder, set, type Which } from '../../../shared/read/facts/weaken';
import { duration, facts as joined, type Step } from '../../../shared/read/picture';
import { type Asked, amount, type Body, is, names, type Stack } from '../../../shared/read/stack';
import { said } from '../../../shared/read/tell';
import { grantsIn, iamMember, keyNeeds, RETAINED, replacers } from '../../foundation/promises';

const BUCKET = 'google_storage_bucket';
const OBJECT = 'google_storage_bucket_object';
const NOTIFICATION = 'google_storage_notification';
const TRANSFORM = 'message_transforms.javascript_udf.function_name';
const WEEK = 7 * 24 * 3600;

/** The topic of a notification. */
const topicOf: Which = ({ body }, draft) => [...draft.resources.keys()].filter((id) => String(body.topic).includes(`\${${id}.`));

export const facts: ServiceFacts = {
  name: 'Cloud Storage',
  local: { not: 'the local run publishes no notifications of new objects', methods: ['deliverCreated'] },
  unproven: [
    'That Pub/Sub runs the transform of new objects as its documentation says: the tests run it on notifications in the form of the documentation.',
    'That notifications reach a topic with `enforceInTransit`.',
    'That Google takes soft delete beside a retention policy on one bucket.',
  ],
  types: {
    [BUCKET]: {
      name: 'bucket',
      replacedBy: [
        'name',
        'project',
        'location',
        'custom_placement_config',
        'enable_object_retention',
        'hierarchical_namespace',
        'retention_policy.is_locked?',
      ],
      role: (bucket, stack) => (holdsFiles(bucket, stack) ? 'helps' : 'holds data'),
      tells: (bucket) => [
        'Cloud Storage',
        is(bucket, 'versioning.enabled', true) ? 'versioned' : undefined,
        isImmutable(bucket) ? `immutable for ${duration(amount(bucket, 'retention_policy.retention_period'))}` : undefined,
        is(bucket, 'autoclass.enabled', true) ? 'Autoclass' : undefined,
        said.kept(bucket),
      ],
      named: ['name', /^(?!goog)(?=.{3,63}$)[a-z0-9](-*[a-z0-9])*$/],
      takes: ['roles/storage.objectCreator', 'roles/storage.objectUser', 'roles/storage.objectAdmin', 'roles/storage.admin'],
      promises: [
        promised(
          'private',
          'have public access prevention, and uniform bucket-level access',
          (bucket) => is(bucket, 'public_access_prevention', 'enforced') && is(bucket, 'uniform_bucket_level_access', true),
          {
            'it may be public': set('public_access_prevention', 'inherited'),
            'objects have access control lists': set('uniform_bucket_level_access', false),
          },
        ),
        promised(
          'versions-end',
          'delete old versions, if it has versioning',
          (bucket) => !is(bucket, 'versioning.enabled', true) || rules(bucket).some(isEndOfVersions),
          { 'old versions are never deleted': filter('lifecycle_rule', (rule) => !isEndOfVersions(rule as Holder)) },
        ),
        ofData(RETAINED),
        ofData(
          promised('retained', 'not delete its objects when it is deleted', (bucket) => !is(bucket, 'force_destroy', true), {
            'the objects are deleted with their stack': set('force_destroy', true),
          }),
        ),
        ofData(
          promised(
            'undelete',
            'have versioning or a retention policy, and soft delete for at least 7 days',
            (bucket) =>
              (is(bucket, 'versioning.enabled', true) || isImmutable(bucket)) &&
              amount(bucket, 'soft_delete_policy.retention_duration_seconds') >= WEEK,
            {
              'overwritten objects cannot be restored': both(set('versioning'), set('retention_policy')),
              'deleted objects cannot be restored': set('soft_delete_policy.retention_duration_seconds', 0),
            },
          ),
        ),
        ofData(
          promised(
            'housekeeping',
            'delete incomplete uploads',
            (bucket) => rules(bucket).some((rule) => actionOf(rule) === 'AbortIncompleteMultipartUpload'),
            { 'incomplete uploads are never deleted': filter('lifecycle_rule', (rule) => !actionOf(rule as Holder).startsWith('Abort')) },
          ),
        ),
      ],
      answered: {
        encrypted: 'Google encrypts every bucket with a Google-managed key. encryptionKey sets your own key.',
        rings: 'A bucket has no limit to reach and no delay. The alert of the writer fires when a write fails.',
      },
      costs: bucketCosts,
      needs: (bucket, stack) =>
        keyNeeds(bucket, 'encryption.default_kms_key_name', agentOf(bucket, stack), 'Cloud Storage encrypts and decrypts objects with it'),
      apis: ['storage'],
      effective: /^(\*|storage\.)/,
      local: {
        name: 'emulated',
        project: 'emulated',
        location: 'no effect here',
        uniform_bucket_level_access: 'no effect here',
        public_access_prevention: 'no effect here',
        versioning: 'no effect here',
        retention_policy: 'no effect here',
        soft_delete_policy: 'no effect here',
        autoclass: 'no effect here',
        lifecycle_rule: 'no effect here',
        encryption: 'no effect here',
        force_destroy: 'no effect here',
        labels: 'no effect here',
      },
    },
    [NOTIFICATION]: {
      name: 'notification of new objects',
      replacedBy: ['*'],
      role: 'moves data',
      flow: created,
      promises: [
        promised('nothing-lost', 'be created after Cloud Storage may publish to its topic', isReady, {
          'it is created before Cloud Storage may publish': set('depends_on'),
        }),
        promised(
          'contract',
          'have a topic that turns it into an event of the contract, from the metadata of the object',
          (notification) =>
            is(notification, 'payload_format', 'JSON_API_V1') &&
            notification.refers('topic').some((topic) => topic.get(TRANSFORM).includes('eventOfObject')),
          {
            'its topic does not change it': set('message_transforms', undefined, topicOf),
            'it has no metadata': set('payload_format', 'NONE'),
          },
        ),
        promised('contract', 'tell of new objects only', (notification) => is(notification, 'event_types', 'OBJECT_FINALIZE'), {
          'it tells of deletions too': set('event_types'),
        }),
        promised('no-loop', 'tell of the objects below one prefix', (notification) => notification.get('object_name_prefix').length === 1, {
          'it tells of every object of the bucket': set('object_name_prefix'),
        }),
      ],
      answered: {
        'bounded-retries': 'Cloud Storage retries a notification for 7 days.',
        rings: 'Cloud Storage has no metric for notifications. Its buffer has alerts on events that wait, and on its dead letter.',
      },
      needs: notificationNeeds,
      costs: 'Its topic is billed for what Cloud Storage publishes.',
      brings: BRINGS_NOTHING,
      apis: ['storage', 'pubsub'],
      local: {
        bucket: { notRun: 'notifications of new objects are not emulated here.' },
        topic: 'no effect here',
        payload_format: 'no effect here',
        event_types: 'no effect here',
        object_name_prefix: 'no effect here',
      },
    },
    google_storage_bucket_iam_member: iamMember('a bucket', ['storage']),
  },
  forbidden: replacers(BUCKET),
  roles: {
    'roles/storage.admin': { permissions: ['storage.*'] },
    'roles/storage.objectAdmin': { permissions: ['storage.objects.*', 'storage.folders.*', 'storage.managedFolders.*'] },
    'roles/storage.objectCreator': {
      permissions: [
        ...['objects.create', 'folders.create', 'managedFolders.create'].map((one) => `storage.${one}`),
        ...['abort', 'create', 'listParts'].map((verb) => `storage.multipartUploads.${verb}`),
        'orgpolicy.policy.get',
        'resourcemanager.projects.get',
        'resourcemanager.projects.list',
      ],
      surplus: 'The role to add objects also allows folders and multipart uploads. It does not allow to read, overwrite or delete.',
    },
    'roles/storage.objectViewer': {
      permissions: [
        ...['folders', 'managedFolders', 'objects'].flatMap((kind) => ['get', 'list'].map((verb) => `storage.${kind}.${verb}`)),
        'resourcemanager.projects.get',
        'resourcemanager.projects.list',
      ],
      surplus: 'The role to read objects also allows to list folders: Google has no role without it.',
    },
    'roles/storage.legacyBucketReader': {
      permissions: [
        'storage.buckets.get',
        ...['managedFolders.get', 'managedFolders.list', 'multipartUploads.list', 'objects.list'].map((one) => `storage.${one}`),
      ],
      surplus: 'The role to read the metadata of the bucket also allows to list its objects. Google documents this role for Pub/Sub.',
    },
  },
  calls: {
    'google-auth-library GoogleAuth.request': ({ arguments: [options] }) => upload(said.part(options, 'method'), said.part(options, 'url')),
    '@types/node fetch.fetch': ({ arguments: [url, options] }) => upload(said.part(options, 'method'), said.whole(url)),
  },
};

/** Whether the bucket holds files of the stack itself, such as the code of a function, or temporary files. Otherwise it holds data. */
function holdsFiles(bucket: Asked, stack: Stack): boolean {
  const isTemporary = stack.of('google_dataflow_flex_template_job').some((job) => names(job, 'temp_location', bucket));
  return isTemporary || stack.of(OBJECT).some((object) => names(object, 'bucket', bucket));
}

/** Whether nobody can delete or overwrite its objects for a while. */
function isImmutable(bucket: Asked): boolean {
  return amount(bucket, 'retention_policy.retention_period') >= 24 * 3600;
}

/** The step from a bucket to the buffer of the events of its new objects. */
function created(notification: Asked, seen: Seen): Step[] {
  const [bucket] = notification.refers('bucket');
  const [topic] = notification.refers('topic');
  if (!topic) return [];
  const from = bucket?.stage ?? 'an existing bucket';
  const how = joined('new objects, 7 days of retries', `below ${String(notification.body.object_name_prefix)}`);
  return [{ from, how, to: topic.stage, notes: seen.tell(topic), between: [bucket?.id ?? from, topic.id] }];
}

function isReady(notification: Asked, stack: Stack): boolean {
  const earlier = notification.before();
  const [topic] = notification.refers('topic');
  return grantsIn(stack).some((grant) => earlier.has(grant.id) && grant.refers('topic').some(({ id }) => id === topic?.id));
}

/** https://cloud.google.com/storage/docs/reporting-changes#prereqs */
function notificationNeeds(notification: Asked, stack: Stack): Needed[] {
  const [topic] = notification.refers('topic');
  const because = 'Cloud Storage publishes a notification for each new object';
  return topic ? [{ who: agentOf(notification, stack), may: 'pubsub.topics.publish', on: topic.id, because }] : [];
}

function ofData(promise: Promised): Promised {
  return { ...promise, concerns: (bucket, stack) => !holdsFiles(bucket, stack) };
}

function rules(bucket: Asked): readonly Body[] {
  return bucket.get('lifecycle_rule') as readonly Body[];
}

function actionOf({ action }: Body | Holder): string {
  return String((action as Body | undefined)?.type);
}

function isEndOfVersions(rule: Body | Holder): boolean {
  return actionOf(rule) === 'Delete' && Number((rule.condition as Body).days_since_noncurrent_time) >= 1;
}

/** The service agent, from the data source beside a resource. A bucket without one shares the key of another one, with its grant. */
function agentOf(resource: Asked, stack: Stack): string {
  const agents = [...resource.before()].filter((id) => id.startsWith('data.google_storage_project_service_account.'));
  const beside = agents.find((id) => parentOf(stack.get(id)!.name) === parentOf(resource.name));
  return beside ?? agents[0] ?? 'the Cloud Storage service agent of the project';
}

/** A name without its last word. */
function parentOf(name: string): string {
  return name.slice(0, name.lastIndexOf(' '));
}

/**
 * An upload that a handler sends without a client library. Its object is below the prefix of the store, and so is the scope of its role.
 * https://cloud.google.com/storage/docs/access-control/iam-json
 */
function upload(method: string, address: string): readonly Ask[] | undefined {
  const [, bucket, query] = /^https?:\/\/[^/]+\/upload\/storage\/v1\/b\/([^/]+)\/o\?(.*)$/.exec(address) ?? [];
  if (method !== 'POST' || !bucket) return undefined;
  const [, prefix] = /(?:^|&)name=(\{\w+\})/.exec(query ?? '') ?? [];
  const only = prefix && `resource.name.startsWith("projects/_/buckets/${bucket}/objects/${prefix}")`;
  return [{ may: 'storage.objects.create', on: bucket, address, ...(only ? { only } : {}) }];
}

/** An object of one event has half of its size. Files of Pub/Sub are not compressed. */
function bucketCosts(bucket: Asked, load: Load): Cost[] {
  if (holdsFiles(bucket, load.stack)) return [];
  const { count, bytes } = load.writes(bucket);
  return [
    {
      what: 'object writes, by a function one for each event',
      price: 'cloudStorageWrites',
      units: count * MONTH,
      lower: 'Delivery without code, by `deliverInto` of the buffer, writes many events into one object.',
    },
    {
      what: 'storage of the objects of one month, compressed 2:1 by a function',
      price: 'cloudStorageStorage',
      units: (bytes * MONTH) / GIB,
      lower: 'Only one writer of the store: `deliverInto` or a function.',
    },
  ];
}
