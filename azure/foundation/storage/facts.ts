import { type Cost, GB, type Load, MONTH, type PriceKey } from '../../../shared/read/facts/cost';
import { fitting } from '../../../shared/read/facts/local';
import { promised, setTo } from '../../../shared/read/facts/promise';
import type { Promised, ServiceFacts } from '../../../shared/read/facts/types';
import { remove, set } from '../../../shared/read/facts/weaken';
import { type Asked, amount, names, type Stack } from '../../../shared/read/stack';
import { armId, copiesOf, isDeadLetter, isHost, isLake, NAMED, ON_RECORD, ofData, RETAINED, referring } from '../promises';

const ACCOUNT = 'azurerm_storage_account';
const RULES = 'azurerm_storage_management_policy';
const nothing = 'no effect here';

/** Storage accounts, which hold blobs, queues, tables and data lakes. */
export const facts: ServiceFacts = {
  name: 'storage',
  local: 'runs',
  types: {
    [ACCOUNT]: {
      name: 'storage account',
      replacedBy: [
        'name',
        'resource_group_name',
        'location',
        'account_tier',
        'account_kind?',
        'account_replication_type?',
        'infrastructure_encryption_enabled',
        'is_hns_enabled',
        'nfsv3_enabled',
        'edge_zone',
        'dns_endpoint_type',
        'queue_encryption_key_type',
        'table_encryption_key_type',
        'immutability_policy',
        'provisioned_billing_model_version',
        'large_file_share_enabled?',
      ],
      role: (account, stack) => (isHost(account, stack) ? 'helps' : 'holds data'),
      named: ['name', /^[a-z0-9]{3,24}$/],
      promises: [
        setTo({
          rule: 'encrypted',
          must: 'be encrypted twice, which can be set only at creation',
          at: 'infrastructure_encryption_enabled',
          to: [true],
          weak: false,
          worse: 'data is encrypted once',
        }),
        setTo({
          rule: 'tls',
          must: 'accept HTTPS only',
          at: 'https_traffic_only_enabled',
          to: [true],
          weak: false,
          worse: 'data is sent without TLS',
        }),
        setTo({
          rule: 'tls',
          must: 'refuse TLS below 1.2',
          at: 'min_tls_version',
          to: ['TLS1_2'],
          weak: 'TLS1_0',
          worse: 'data is sent with an old TLS version',
        }),
        setTo({
          rule: 'no-keys',
          must: 'accept no keys',
          at: 'shared_access_key_enabled',
          to: [false],
          weak: true,
          worse: 'anyone with a key may do everything',
        }),
        setTo({
          rule: 'no-keys',
          must: 'have no local users',
          at: 'local_user_enabled',
          to: [false],
          weak: true,
          worse: 'it has local users, with passwords',
        }),
        setTo({
          rule: 'private',
          must: 'have no public containers',
          at: 'allow_nested_items_to_be_public',
          to: [false],
          weak: true,
          worse: 'containers may be public',
        }),
        setTo({
          rule: 'private',
          must: 'copy nothing to another tenant',
          at: 'cross_tenant_replication_enabled',
          to: [false],
          weak: true,
          worse: 'data may be copied to another tenant',
        }),
        promised(
          'undelete',
          'have soft delete for at least 7 days',
          (account) =>
            ['delete', 'container_delete'].every((what) => amount(account, `blob_properties.${what}_retention_policy.days`) >= 7),
          {
            'deleted blobs cannot be restored': set('blob_properties.delete_retention_policy'),
            'deleted containers cannot be restored': set('blob_properties.container_delete_retention_policy'),
          },
        ),
        ofVersions(
          setTo({
            rule: 'undelete',
            must: 'keep old versions',
            at: 'blob_properties.versioning_enabled',
            to: [true],
            weak: false,
            worse: 'overwritten blobs cannot be restored',
          }),
        ),
        ofVersions(
          promised('undelete', 'delete old versions', deletesVersions, {
            'old versions are never deleted': remove(referring(RULES)),
          }),
        ),
        {
          ...promised(
            'no-versions',
            'have no versions: the provider refuses them for a data lake, after the account exists',
            (account) => account.get('blob_properties.versioning_enabled').length === 0,
            { 'it has versions': set('blob_properties.versioning_enabled', true) },
          ),
          concerns: isLake,
        },
        {
          ...promised('no-zones', 'have no copies in zones: Azure has no archive tier there', (account) => !/Z/.test(copiesOf(account)), {
            'it has copies in zones, and Azure refuses to archive': set('account_replication_type', 'ZRS'),
          }),
          concerns: archives,
        },
        ofData(RETAINED),
        ofData(ON_RECORD),
      ],
      costs: accountCosts,
      answered: { rings: 'It has no limit to reach and no delay. The alert of the writer fires when a write fails.' },
      computed: {
        id: armId('Microsoft.Storage/storageAccounts/acme'),
        primary_blob_endpoint: 'https://acme.blob.core.windows.net/',
        primary_table_endpoint: 'https://acme.table.core.windows.net/',
        primary_queue_endpoint: 'https://acme.queue.core.windows.net/',
        primary_dfs_endpoint: 'https://acme.dfs.core.windows.net/',
      },
      local: {
        ...NAMED,
        account_kind: fitting(/^StorageV2$/, 'StorageV2'),
        account_tier: nothing,
        account_replication_type: nothing,
        shared_access_key_enabled: fitting(/^false$/, 'signing in with Entra'),
        default_to_oauth_authentication: nothing,
        allow_nested_items_to_be_public: nothing,
        blob_properties: nothing,
        cross_tenant_replication_enabled: nothing,
        https_traffic_only_enabled: nothing,
        infrastructure_encryption_enabled: nothing,
        // The handlers use the Blob API, which is the same with a hierarchical namespace.
        is_hns_enabled: nothing,
        local_user_enabled: nothing,
        min_tls_version: nothing,
      },
    },
    [RULES]: {
      name: 'lifecycle management policy',
      replacedBy: ['storage_account_id'],
      role: 'helps',
      computed: { id: armId('Microsoft.Storage/storageAccounts/acme/managementPolicies/default') },
      // It moves old blobs to another tier. In a local run, no blob is old.
      local: nothing,
    },
  },
};

/** A promise of data that can have versions. */
function ofVersions(promise: Promised): Promised {
  return { ...promise, concerns: (account, stack) => !isHost(account, stack) && !isLake(account) };
}

/** Whether a rule deletes the old versions in an account. */
function deletesVersions(account: Asked, stack: Stack): boolean {
  return stack
    .of(RULES)
    .some(
      (rules) =>
        names(rules, 'storage_account_id', account) && rules.get('rule.actions.version.delete_after_days_since_creation').length > 0,
    );
}

/** Whether a rule moves blobs of an account to the archive tier. */
function archives(account: Asked, stack: Stack): boolean {
  const days = 'rule.actions.base_blob.tier_to_archive_after_days_since_modification_greater_than';
  return stack.of(RULES).some((rules) => names(rules, 'storage_account_id', account) && rules.get(days).length > 0);
}

/** Whether an account has a container that is no dead letter. In one without, tables or queues are written to, and are billed there. */
function hasObjects(account: Asked, stack: Stack): boolean {
  const containers = stack.all.filter((one) => one.get('container_access_type').length > 0 && names(one, 'storage_account_id', account));
  return containers.some((container) => !isDeadLetter(container, stack));
}

/** Whether the host of an app keeps its positions in a hub there. A queue has none, and those of the changes of a container are beside it. */
function hasPositions(account: Asked, stack: Stack): boolean {
  const apps = stack.all.filter((app) => names(app, 'app_settings.AzureWebJobsStorage__accountName', account));
  return apps.some((app) => app.get('app_settings.EVENTS_HUB').length > 0);
}

/**
 * Blobs are compressed, eight times smaller than their events. The host of an app writes twice for each batch of a hub: its lease and its
 * checkpoint. For a message of a queue it writes nothing.
 */
function accountCosts(account: Asked, load: Load): Cost[] {
  const { count, bytes } = hasObjects(account, load.stack) ? load.writes(account) : { count: 0, bytes: 0 };
  const lower = 'A larger `batchSize`, and a longer `batchWindowSeconds`, of the delivery make fewer and larger blobs.';
  const copies = copiesOf(account);
  const writes: PriceKey = isLake(account) ? `lakeWrites${copies}` : `blobWrites${copies}`;
  if (isHost(account, load.stack)) {
    const units = hasPositions(account, load.stack) ? count * MONTH * 2 : 0;
    return [{ what: 'writes of the host, two for each batch of a hub', price: writes, units, lower }];
  }
  return [
    { what: 'blob writes, one for each batch', price: writes, units: count * MONTH, lower },
    {
      what: 'storage of the blobs of one month, compressed 8:1',
      price: `blobStorage${copies}`,
      units: (bytes * MONTH) / GB,
      lower: "`redundancy: 'LRS'` of the store. It does not survive the loss of a zone.",
    },
  ];
}
