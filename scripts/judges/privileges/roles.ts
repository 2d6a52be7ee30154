import { fits } from './compare';

/** A role that a cloud has built in. */
interface Role {
  readonly permissions: readonly string[];
  /** Why it is right, where it holds more than is needed and nothing narrower is to be had. */
  readonly surplus?: string;
}

const BLOBS = 'Microsoft.Storage/storageAccounts/blobServices/containers';
const SIGNING = 'Microsoft.Storage/storageAccounts/blobServices/generateUserDelegationKey/action';

/**
 * The roles that a template of ours could give, the ones that nobody should be given among them, since a role that is not
 * here is refused. What Azure calls data actions begins with `data:`, because no role has them by a wildcard over all else.
 * @see https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
 * @see https://cloud.google.com/iam/docs/roles-permissions
 */
const ROLES: Readonly<Record<string, Role>> = {
  Owner: { permissions: ['Microsoft.*'] },
  Contributor: { permissions: ['Microsoft.*/read', 'Microsoft.*/write', 'Microsoft.*/delete', 'Microsoft.*/action'] },
  'Storage Blob Data Owner': { permissions: [`${BLOBS}/*`, `data:${BLOBS}/blobs/*`, SIGNING] },
  'Storage Blob Data Contributor': {
    permissions: [
      ...['delete', 'read', 'write'].map((verb) => `${BLOBS}/${verb}`),
      ...['add/action', 'delete', 'move/action', 'read', 'write'].map((verb) => `data:${BLOBS}/blobs/${verb}`),
      SIGNING,
    ],
  },
  'Storage Blob Data Reader': { permissions: [`${BLOBS}/read`, `data:${BLOBS}/blobs/read`, SIGNING] },
  'Azure Event Hubs Data Owner': { permissions: ['Microsoft.EventHub/*', 'data:Microsoft.EventHub/*'] },
  'Azure Event Hubs Data Receiver': {
    permissions: ['Microsoft.EventHub/*/eventhubs/consumergroups/read', 'data:Microsoft.EventHub/*/receive/action'],
    surplus: 'The names of consumer groups come with the right to receive: Azure has no role without them.',
  },
  'Azure Event Hubs Data Sender': {
    permissions: ['Microsoft.EventHub/*/eventhubs/read', 'data:Microsoft.EventHub/*/send/action'],
    surplus: 'The settings of the hub, and none of its events, come with the right to send: Azure has no role without them.',
  },
  'Monitoring Contributor': { permissions: ['Microsoft.*/read', 'Microsoft.Insights/*'] },
  'Monitoring Metrics Publisher': {
    permissions: [
      'data:Microsoft.Insights/Metrics/Write',
      'data:Microsoft.Insights/Telemetry/Write',
      'Microsoft.Insights/Register/Action',
      'Microsoft.Resources/subscriptions/resourceGroups/read',
      'Microsoft.Support/*',
    ],
    surplus: 'Metrics of its own come with the right to report: Azure has no role without them.',
  },

  'roles/owner': { permissions: ['*'] },
  'roles/editor': { permissions: ['*.*.get', '*.*.list', '*.*.create', '*.*.update', '*.*.delete', '*.*.publish', '*.*.consume'] },
  'roles/artifactregistry.admin': { permissions: ['artifactregistry.*'] },
  'roles/artifactregistry.writer': {
    permissions: [
      ...['downloadArtifacts', 'get', 'list', 'listEffectiveTags', 'listTagBindings', 'readViaVirtualRepository', 'uploadArtifacts'].map(
        (verb) => `artifactregistry.repositories.${verb}`,
      ),
      ...['aptartifacts.create', 'kfpartifacts.create', 'yumartifacts.create', 'projectsettings.get'].map(
        (one) => `artifactregistry.${one}`,
      ),
      ...['dockerimages', 'locations', 'mavenartifacts', 'npmpackages', 'pythonpackages', 'versions'].flatMap((kind) =>
        ['get', 'list'].map((verb) => `artifactregistry.${kind}.${verb}`),
      ),
      ...['files.download', 'files.get', 'files.list', 'files.update', 'packages.get', 'packages.list', 'packages.update'].map(
        (one) => `artifactregistry.${one}`,
      ),
      ...['create', 'get', 'list', 'update'].map((verb) => `artifactregistry.tags.${verb}`),
    ],
  },
  'roles/bigquery.dataOwner': { permissions: ['bigquery.*'] },
  'roles/bigquery.dataEditor': {
    permissions: [
      ...['create', 'createIndex', 'createSnapshot', 'delete', 'deleteIndex', 'export', 'get', 'getData', 'getIamPolicy', 'list'],
      ...['replicateData', 'restoreSnapshot', 'update', 'updateData', 'updateIndex', 'updateTag'],
    ].map((verb) => `bigquery.tables.${verb}`),
  },
  'roles/bigquery.dataViewer': {
    permissions: ['createSnapshot', 'export', 'get', 'getData', 'getIamPolicy', 'list', 'replicateData'].map(
      (verb) => `bigquery.tables.${verb}`,
    ),
  },
  'roles/logging.admin': { permissions: ['logging.*'] },
  'roles/logging.logWriter': { permissions: ['logging.logEntries.create', 'logging.logEntries.route'] },
  'roles/pubsub.admin': { permissions: ['pubsub.*'] },
  'roles/pubsub.editor': {
    permissions: [
      ...['attachSubscription', 'create', 'delete', 'detachSubscription', 'get', 'list', 'publish', 'update'].map(
        (verb) => `pubsub.topics.${verb}`,
      ),
      ...['consume', 'create', 'delete', 'get', 'list', 'update'].map((verb) => `pubsub.subscriptions.${verb}`),
    ],
  },
  'roles/pubsub.publisher': { permissions: ['pubsub.topics.publish'] },
  'roles/pubsub.subscriber': { permissions: ['pubsub.snapshots.seek', 'pubsub.subscriptions.consume', 'pubsub.topics.attachSubscription'] },
  'roles/run.admin': { permissions: ['run.*'] },
  'roles/run.invoker': { permissions: ['run.jobs.run', 'run.routes.invoke'] },
  'roles/storage.objectAdmin': { permissions: ['storage.objects.*', 'storage.folders.*', 'storage.managedFolders.*'] },
  'roles/storage.objectViewer': {
    permissions: [
      ...['folders', 'managedFolders', 'objects'].flatMap((kind) => ['get', 'list'].map((verb) => `storage.${kind}.${verb}`)),
      'resourcemanager.projects.get',
      'resourcemanager.projects.list',
    ],
  },
};

/** What has an effect where a role is given on a resource of a type. Where a type is not here, everything has. */
const EFFECTIVE: Readonly<Record<string, RegExp>> = {
  azurerm_application_insights: /^(data:)?Microsoft\.(\*|Insights\/(\*|Metrics|Telemetry))/i,
  azurerm_eventhub: /^(data:)?Microsoft\.(\*|EventHub)/i,
  azurerm_storage_container: /^(data:)?Microsoft\.(\*|Storage\/storageAccounts\/blobServices\/containers)/i,
  google_bigquery_table: /^(\*|bigquery\.(\*|tables))/,
  google_cloudfunctions2_function: /^(\*|run\.(\*|routes|services))/,
  google_pubsub_subscription: /^(\*|pubsub\.(\*|subscriptions))/,
  google_pubsub_topic: /^(\*|pubsub\.(\*|topics\.(?!attach)))/,
};

/** What a role allows on a resource of a type. Nothing is known of a role that is not in the table. */
export function permissionsOf(role: string, type: string): readonly string[] | undefined {
  return ROLES[role]?.permissions.filter((permission) => EFFECTIVE[type]?.test(permission) ?? true);
}

/** Why a role may hold more than is needed. */
export function surplusOf(role: string): string | undefined {
  return ROLES[role]?.surplus;
}

/** A role that allows less on a resource of a type, and all that is needed. */
export function narrowerThan(role: string, type: string, needed: readonly string[]): string | undefined {
  const held = permissionsOf(role, type) ?? [];
  const within = (inner: readonly string[], outer: readonly string[]) => inner.every((one) => outer.some((pattern) => fits(pattern, one)));
  return Object.keys(ROLES).find((other) => {
    const less = permissionsOf(other, type)!;
    return within(needed, less) && within(less, held) && !within(held, less);
  });
}
