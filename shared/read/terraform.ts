import { type Access, byIdentity, byStage, duration, facts, type Hop, isDeadLetter, type Picture } from './picture';
import { type Body, nameOf, one, Resources, references, stageOf, type TerraformJson, type TfResource, type Value } from './tf';
import { type Grant, grantsOf } from './tf-grants';

export type { TerraformJson };

/** The variables that a deployer must give. */
export function required({ variable = {} }: TerraformJson): string[] {
  return Object.keys(variable).filter((name) => variable[name]!.default === undefined);
}

/** Read a stack that CDKTF made. */
export function readTerraform(stack: TerraformJson): Picture {
  const resources = new Resources(stack);
  const access = grantsOf(resources)
    .map((grant) => shown(grant, resources))
    .sort(byIdentity);
  return {
    resources: resources.all.map(({ type, address, path }) => ({ stage: stageOf(path), type, id: address.slice(type.length + 1) })),
    flow: resources.all.flatMap((resource) => FLOW[resource.type]?.(resource, resources, access) ?? []).sort(byStage),
    access,
  };
}

/** A grant as a person reads it. */
function shown({ holder, role, on, condition }: Grant, resources: Resources): Access {
  const identity = resources.get(holder);
  return {
    identity: identity ? holderName(identity) : holder,
    may: role,
    on: resources.get(on) ? nameOf(resources.get(on)!) : resources.name(on),
    only: condition?.title ?? '',
  };
}

/** An identity on Azure belongs to one stage and is called after it. */
function holderName(identity: TfResource): string {
  return identity.type === 'azurerm_user_assigned_identity' ? stageOf(identity.path) : nameOf(identity);
}

type Reader = (resource: TfResource, resources: Resources, access: readonly Access[]) => Hop[];

/** How each type of resource moves events along. */
const FLOW: Readonly<Record<string, Reader>> = {
  azurerm_eventhub: (hub, resources, access) => [opening(hub, 'POST /messages, Entra ID', resources, access)],

  azurerm_function_app_flex_consumption: (app, resources, access) => {
    const settings = app.body.app_settings as Body;
    const value = (ending: string) => settings[Object.keys(settings).find((name) => name.endsWith(ending)) ?? ''];
    const hub = resources.of('azurerm_eventhub').find(({ address }) => references(settings).includes(address));
    const trigger: Hop = {
      from: hub ? stageOf(hub.path) : 'client',
      how: facts(
        `${value('maxEventBatchSize')} records or ${duration(secondsOf(value('maxWaitTime')))}`,
        resources.find(value('_CONSUMER_GROUP')) && 'own consumer group',
        `${value('_MAX_RETRIES')} retries`,
      ),
      to: stageOf(app.path),
      notes: describe(app, resources),
    };
    return [trigger, ...handedOn(stageOf(app.path), ['azurerm_storage_container'], resources, access)];
  },

  google_pubsub_topic: (topic, resources, access) =>
    resources.of('google_pubsub_subscription').some(({ body }) => body.push_config && resources.find(body.topic) === topic)
      ? [opening(topic, 'POST :publish, Google account', resources, access)]
      : [],

  google_pubsub_subscription: (subscription, resources) => {
    const push = one(subscription.body.push_config) as Body | undefined;
    const backoff = one(subscription.body.retry_policy) as Body | undefined;
    const failure = one(subscription.body.dead_letter_policy) as Body | undefined;
    const from = stageOf(resources.find(subscription.body.topic)?.path ?? subscription.path);
    const called = resources.find(push?.push_endpoint);
    if (!push || !called) return [];
    const pushed: Hop = {
      from,
      how: facts(
        push.oidc_token !== undefined && 'push with OIDC',
        `${Number(failure?.max_delivery_attempts) - 1} retries`,
        `${backoff?.minimum_backoff} to ${backoff?.maximum_backoff} apart`,
      ),
      to: stageOf(called.path),
      notes: describe(called, resources),
    };
    const dead = resources.find(failure?.dead_letter_topic);
    return dead ? [pushed, { from, how: 'after the last retry', to: receiver(dead), notes: describe(dead, resources) }] : [pushed];
  },

  google_cloudfunctions2_function: (fn, resources, access) =>
    handedOn(stageOf(fn.path), ['google_bigquery_table', 'google_pubsub_topic'], resources, access),
};

/** Where events come in, and the role that it takes to send them. */
function opening(resource: TfResource, how: string, resources: Resources, access: readonly Access[]): Hop {
  const roles = access.filter(({ identity, on }) => identity === 'client' && on === nameOf(resource)).map(({ may }) => may);
  return { from: 'client', how: facts(how, ...roles), to: stageOf(resource.path), notes: describe(resource, resources) };
}

/** What a stage hands on: each resource of these types that it has a permission on. */
function handedOn(stage: string, types: readonly string[], resources: Resources, access: readonly Access[]): Hop[] {
  return types
    .flatMap((type) => resources.of(type))
    .flatMap((resource) =>
      access
        .filter(({ identity, on }) => identity.startsWith(stage) && on === nameOf(resource))
        .map(({ may }) => ({ from: stage, how: may, to: receiver(resource), notes: describe(resource, resources) })),
    );
}

/** Whoever receives: a stage, or the dead letter within one. */
function receiver(resource: TfResource): string {
  return isDeadLetter(nameOf(resource)) ? `${stageOf(resource.path)} dead letter` : stageOf(resource.path);
}

/** The facts about a resource that a reviewer asks for first. */
function describe({ type, body, address }: TfResource, resources: Resources): string {
  const block = (name: string) => (one(body[name]) ?? {}) as Body;
  switch (type) {
    case 'azurerm_eventhub': {
      const namespace = resources.find(body.namespace_id)?.body ?? {};
      return facts(
        `Event Hubs ${namespace.sku}`,
        `${body.partition_count} partitions`,
        `${body.message_retention} days`,
        namespace.local_authentication_enabled === false && 'no keys',
        fate(body),
      );
    }
    case 'azurerm_function_app_flex_consumption':
      return `Functions, ${body.runtime_name} ${body.runtime_version}, ${body.instance_memory_in_mb} MB, up to ${body.maximum_instance_count} instances`;
    case 'azurerm_storage_container': {
      const account = resources.find(body.storage_account_id)?.body ?? {};
      const blobs = (one(account.blob_properties) ?? {}) as Body;
      return facts(
        `Blob Storage ${account.account_replication_type}`,
        blobs.versioning_enabled === true && 'versioned',
        account.shared_access_key_enabled === false && 'no keys',
        fate(body),
      );
    }
    case 'google_pubsub_topic': {
      const keeper = resources
        .of('google_pubsub_subscription')
        .find(({ body: own }) => !own.push_config && references(own.topic).includes(address));
      const kept = keeper ? keeper.body.message_retention_duration : body.message_retention_duration;
      return facts(
        'Pub/Sub',
        kept ? duration(Number.parseInt(String(kept), 10)) : undefined,
        fate(body),
        keeper && (one(keeper.body.expiration_policy) as Body | undefined)?.ttl === '' && 'never expires',
        alertOn(keeper, resources),
      );
    }
    case 'google_cloudfunctions2_function': {
      const build = block('build_config');
      const service = block('service_config');
      return facts(
        `Cloud Functions, ${build.runtime} ${service.available_memory} ${service.timeout_seconds} s`,
        `${service.min_instance_count} to ${service.max_instance_count} instances`,
        String(service.ingress_settings),
      );
    }
    case 'google_bigquery_table': {
      const partition = block('time_partitioning');
      return facts(
        'BigQuery',
        partition.field !== undefined && `by ${String(partition.type).toLowerCase()} of ${partition.field}`,
        body.require_partition_filter === true && 'filter required',
        fate(body),
      );
    }
    default:
      return '';
  }
}

function alertOn(resource: TfResource | undefined, resources: Resources): string | undefined {
  const alerts = resources.of('google_monitoring_alert_policy');
  const alert = resource && alerts.find(({ body }) => references(body).includes(resource.address));
  const condition = (one(alert?.body.conditions) as Body | undefined)?.condition_threshold as Body | undefined;
  return condition && `alert above ${condition.threshold_value}`;
}

/** What becomes of a resource when its stack is deleted. */
function fate({ lifecycle, deletion_protection }: Body): string {
  const kept = (one(lifecycle) as Body | undefined)?.prevent_destroy === true || deletion_protection === true;
  return kept ? 'retained' : 'deleted with the stack';
}

/** Seconds of a time span such as `00:01:30`. */
function secondsOf(span: Value): number {
  return String(span)
    .split(':')
    .reduce((seconds, part) => seconds * 60 + Number(part), 0);
}
