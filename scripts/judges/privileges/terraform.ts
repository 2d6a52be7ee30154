import { type Body, one, Resources, references, type TerraformJson, type TfResource, type Value } from '../../../shared/read/tf';
import type { Need } from './compare';
import { handlerNeeds } from './handlers';
import { permissionsOf } from './roles';

/** What the work of each identity takes, by what the resources of a stack say to each other. */
export function needsOfStack(stack: TerraformJson): Need[] {
  const resources = new Resources(stack);
  const needs = [
    ...resources.of('azurerm_function_app_flex_consumption').flatMap((app) => functionAppNeeds(app, resources)),
    ...resources.of('google_cloudfunctions2_function').flatMap((fn) => [...functionNeeds(fn, resources), ...buildNeeds(fn, resources)]),
    ...resources.of('google_pubsub_subscription').flatMap((subscription) => subscriptionNeeds(subscription, resources)),
    ...senderNeeds(stack, resources),
  ];
  return needs.map((need) => ({ only: '', ...need }));
}

type Needed = Omit<Need, 'only'> & Partial<Need>;

function functionAppNeeds(app: TfResource, resources: Resources): Needed[] {
  const who = addressOf(block(app.body.identity).identity_ids, resources);
  const settings = textsOf(app.body.app_settings);
  const storage = addressOf(settings.AzureWebJobsStorage__accountName, resources);
  const insights = addressOf(block(app.body.site_config).application_insights_connection_string, resources);
  return [
    ...onResources(handlerNeeds(who, codeOf(app, resources), settings), resources),
    // https://learn.microsoft.com/azure/azure-functions/functions-reference#connecting-to-host-storage-with-an-identity
    ...byRole(
      who,
      'Storage Blob Data Owner',
      storage,
      resources,
      'the Functions host keeps its locks and its package there, and asks for this role',
    ),
    // https://learn.microsoft.com/azure/azure-functions/configure-monitoring#enable-application-insights-integration
    ...(settings.APPLICATIONINSIGHTS_AUTHENTICATION_STRING
      ? [{ who, may: 'data:Microsoft.Insights/Telemetry/Write', on: insights, because: 'the Functions host reports there' }]
      : []),
  ];
}

function functionNeeds(fn: TfResource, resources: Resources): Needed[] {
  const { service_account_email, environment_variables } = block(fn.body.service_config);
  const who = addressOf(service_account_email, resources);
  return onResources(handlerNeeds(who, codeOf(fn, resources), textsOf(environment_variables)), resources);
}

/** https://cloud.google.com/functions/docs/securing/build-custom-sa names these three roles. */
function buildNeeds(fn: TfResource, resources: Resources): Needed[] {
  const { service_account, docker_repository } = block(fn.body.build_config);
  const who = addressOf(service_account, resources);
  const google = 'resource.name.startsWith("projects/_/buckets/gcf-v2-sources-")';
  return [
    ...byRole(who, 'roles/artifactregistry.writer', addressOf(docker_repository, resources), resources, 'Cloud Build stores the image'),
    ...byRole(who, 'roles/storage.objectViewer', 'project', resources, "Cloud Build reads the code from Google's own bucket").map(
      (need) => ({ ...need, only: google }),
    ),
    ...byRole(who, 'roles/logging.logWriter', 'project', resources, 'Cloud Build writes its logs'),
  ];
}

function subscriptionNeeds({ address, body }: TfResource, resources: Resources): Needed[] {
  const push = block(body.push_config);
  const dead = addressOf(block(body.dead_letter_policy).dead_letter_topic, resources);
  const agent = resources.of('google_project_service_identity').find((identity) => identity.body.service === 'pubsub.googleapis.com');
  const who = agent?.address ?? 'the Pub/Sub agent of the project';
  const caller = addressOf(block(push.oidc_token).service_account_email, resources);
  const called = addressOf(push.push_endpoint, resources);
  return [
    // https://cloud.google.com/run/docs/triggering/pubsub-push
    ...(caller ? [{ who: caller, may: 'run.routes.invoke', on: called, because: 'Pub/Sub calls the function as it' }] : []),
    // https://cloud.google.com/pubsub/docs/handling-failures#grant_forwarding_permissions
    ...(dead
      ? [
          { who, may: 'pubsub.topics.publish', on: dead, because: 'Pub/Sub forwards there what was given up' },
          { who, may: 'pubsub.subscriptions.consume', on: address, because: 'Pub/Sub takes out what it has forwarded' },
        ]
      : []),
  ];
}

/** Clients send to the address that the stack hands out. */
function senderNeeds({ output }: TerraformJson, resources: Resources): Needed[] {
  const sends: Readonly<Record<string, string>> = {
    azurerm_eventhub: 'data:Microsoft.EventHub/*/send/action',
    google_pubsub_topic: 'pubsub.topics.publish',
  };
  const target = references(output?.events_url?.value)
    .map((address) => resources.get(address))
    .find((resource) => resource && sends[resource.type]);
  return target ? [{ who: 'client', may: sends[target.type]!, on: target.address, because: 'clients send' }] : [];
}

/** All that a role allows, where a vendor asks for a role and does not say what for. */
function byRole(who: string, role: string, on: string, resources: Resources, because: string): Needed[] {
  return (permissionsOf(role, resources.get(on)?.type ?? on) ?? []).map((may) => ({ who, may, on, because }));
}

/** The last thing that an address is made of is the narrowest: the container in an account, the table in a dataset. */
function onResources(needs: readonly Need[], resources: Resources): Need[] {
  return needs.map((need) => ({ ...need, on: references(need.on).findLast((address) => resources.get(address)) ?? need.on }));
}

/** All that a stack says of the code of a function: what the function refers to, and what refers to the function. */
function codeOf(fn: TfResource, resources: Resources): string {
  const around = resources.all.filter(
    ({ address, body }) => references(fn.body).includes(address) || references(body).includes(fn.address),
  );
  return JSON.stringify(around.map(({ body }) => body));
}

function addressOf(value: Value, resources: Resources): string {
  return resources.find(value)?.address ?? '';
}

function textsOf(value: Value): Record<string, string> {
  return Object.fromEntries(Object.entries((value ?? {}) as Body).map(([name, text]) => [name, String(text)]));
}

function block(value: Value): Body {
  return (one(value) ?? {}) as Body;
}
