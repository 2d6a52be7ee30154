import type { Facts } from '../../../shared/read/facts/find';
import type { Finding } from '../judge';
import type { Model } from './model';

/** The API behind each type of Google, by the start of its name. `serviceusage` switches the others on, so it is on already. */
const APIS: Readonly<Record<string, readonly string[]>> = {
  google_artifact_registry: ['artifactregistry'],
  google_bigquery: ['bigquery', 'bigquerystorage'],
  google_cloud_run: ['run'],
  google_cloudfunctions2: ['cloudfunctions', 'run', 'cloudbuild', 'artifactregistry', 'storage', 'logging'],
  google_monitoring: ['monitoring'],
  google_project_iam: ['cloudresourcemanager'],
  google_project_service: [],
  google_pubsub: ['pubsub'],
  google_service_account: ['iam'],
  google_storage: ['storage'],
};

/** The settings that say who a resource acts as. */
const ACTS_AS: Readonly<Record<string, readonly string[]>> = {
  google_cloudfunctions2_function: ['service_config.service_account_email', 'build_config.service_account'],
  google_pubsub_subscription: ['push_config.oidc_token.service_account_email'],
};

/** Every API that a resource needs is switched on before it, and stays on. */
export function apis({ blocks: all, before }: Model): Finding[] {
  const google = [...all.values()].filter(({ type }) => type.startsWith('google_'));
  const services = google.filter(({ type }) => type === 'google_project_service');
  const on = services.flatMap(({ body }) => `${body.for_each} ${body.service}`.match(/[a-z]+(?=\.googleapis\.com)/g) ?? []);
  const findings = google.flatMap(({ address, type }): Finding[] => {
    const needed = APIS[Object.keys(APIS).find((start) => type.startsWith(start)) ?? ''];
    if (!needed) return [{ rule: 'api', where: address, what: `Nobody here knows which API ${type} needs.` }];
    return needed
      .filter((api) => !on.includes(api))
      .map((api) => ({ rule: 'api', where: address, what: `The API ${api} is not switched on.` }));
  });
  const early = google
    .filter(({ address, type }) => type !== 'google_project_service' && !services.some((service) => before(address).has(service.address)))
    .map(({ address }) => ({ rule: 'api', where: address, what: 'It does not wait until the APIs are on.' }));
  const leaving = services
    .filter(({ body }) => body.disable_on_destroy !== false)
    .map(({ address }) => ({ rule: 'api', where: address, what: 'disable_on_destroy takes an API from others in the project.' }));
  return [...findings, ...early, ...leaving];
}

/** What acts under an identity waits until the identity has all of its permissions, unless the permission is for itself. */
export function grants({ blocks: all, before, refers }: Model, facts: Facts): Finding[] {
  const given = [...all.values()].flatMap(({ address, type }) => {
    const to = type === 'azurerm_role_assignment' ? 'principal_id' : type.endsWith('_iam_member') ? 'member' : undefined;
    return to === undefined ? [] : refers(address, to).map((identity) => ({ address, identity }));
  });
  return [...all.values()].flatMap((block) => {
    const identities = (facts.type(block.type)?.actsAs ?? ACTS_AS[block.type] ?? []).flatMap((setting) => refers(block.address, setting));
    const earlier = before(block.address);
    return given
      .filter(({ address, identity }) => identities.includes(identity) && !earlier.has(address) && !before(address).has(block.address))
      .map(({ address }) => ({ rule: 'order', where: block.address, what: `It does not wait for ${address}, which it needs.` }));
  });
}

/** A subscription that gives up on events waits until Pub/Sub may publish to the topic of its dead letter. */
export function forwarders({ blocks: all, before, refers }: Model): Finding[] {
  const may = [...all.values()].filter(
    ({ address, type, body }) =>
      type === 'google_pubsub_topic_iam_member' &&
      body.role === 'roles/pubsub.publisher' &&
      refers(address, 'member').some((member) => member.type === 'google_project_service_identity'),
  );
  return [...all.values()]
    .filter(({ type, body }) => type === 'google_pubsub_subscription' && body.dead_letter_policy !== undefined)
    .filter(({ address }) => {
      const [topic] = refers(address, 'dead_letter_policy.dead_letter_topic');
      return topic && !may.some((grant) => refers(grant.address, 'topic').includes(topic) && before(address).has(grant.address));
    })
    .map(({ address }) => ({ rule: 'order', where: address, what: 'It does not wait until Pub/Sub may publish to its dead letter.' }));
}
