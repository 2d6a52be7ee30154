import { RefusedError } from '../../platform';
import { Resource } from '../../template/resource';
import type { Terraform } from '../../template/terraform';
import type { Publish } from '../site';
import type { ObjectResource } from './server';

const PUBLISHES = 'roles/pubsub.publisher';
const FINALIZE = 'OBJECT_FINALIZE';
const AGENT = 'data.google_storage_project_service_account';

/**
 * The notifications of new objects in the template, sent to the topics that are emulated.
 * @returns sends the notifications of an object
 * @throws RefusedError if a topic is not of the template, or if Cloud Storage may not publish there, which Google checks when it
 * creates the notification
 * @see https://cloud.google.com/storage/docs/pubsub-notifications
 */
export async function notifier(terraform: Terraform, topics: ReadonlyMap<string, Publish>): Promise<(object: ObjectResource) => void> {
  const found = await Resource.all(terraform, 'google_storage_notification');
  const open = async (one: Resource, index: number) => {
    const topic = one.text('topic');
    const publish = topics.get(topic);
    if (!publish) throw new RefusedError(`${one.path}.topic`, `it must be a topic of the template, got "${topic}"`);
    if (!(await mayPublish(terraform, topic))) {
      throw new RefusedError(`${one.path}.topic`, `the Cloud Storage service agent needs ${PUBLISHES} on ${topic}`);
    }
    const types = one.optional('event_types') as readonly string[] | undefined;
    const bucket = one.text('bucket');
    const prefix = String(one.optional('object_name_prefix') ?? '');
    const payloadFormat = one.text('payload_format');
    const own = (one.optional('custom_attributes') ?? {}) as Readonly<Record<string, string>>;
    return (object: ObjectResource) => {
      if (types && !types.includes(FINALIZE)) return;
      if (object.bucket !== bucket || !object.name.startsWith(prefix)) return;
      publish(payloadFormat === 'NONE' ? Buffer.alloc(0) : Buffer.from(JSON.stringify(object)), {
        ...own,
        notificationConfig: `projects/_/buckets/${bucket}/notificationConfigs/${index + 1}`,
        eventType: FINALIZE,
        payloadFormat,
        bucketId: bucket,
        objectId: object.name,
        objectGeneration: object.generation,
        eventTime: object.timeCreated,
      });
    };
  };
  const notifications = await Promise.all(found.map(open));
  return (object) => {
    for (const notify of notifications) notify(object);
  };
}

/** Whether the Cloud Storage service agent may publish to a topic. */
async function mayPublish(terraform: Terraform, topic: string): Promise<boolean> {
  const [agent] = terraform.resources(AGENT);
  const member = agent && (await terraform.evaluate(`\${${agent.path}.member}`, agent.path));
  const grants = await Resource.all(terraform, 'google_pubsub_topic_iam_member');
  return grants.some(
    (grant) => member !== undefined && grant.text('topic') === topic && grant.text('role') === PUBLISHES && memberOf(grant) === member,
  );
}

/** The member of a grant, if it has one that is known here. */
function memberOf(grant: Resource): string | undefined {
  try {
    return grant.text('member');
  } catch {
    return undefined;
  }
}
