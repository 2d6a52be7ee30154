import { type Cost, GB, type Load, MONTH, type PriceKey } from '../../../shared/read/facts/cost';
import { fitting } from '../../../shared/read/facts/local';
import { promised, setTo } from '../../../shared/read/facts/promise';
import type { Promised, ServiceFacts } from '../../../shared/read/facts/types';
import { remove, set } from '../../../shared/read/facts/weaken';
import { type Asked, amount, is, names, only, type Stack } from '../../../shared/read/stack';
import { said } from '../../../shared/read/tell';
import { alertsOf, armId, atTheFirst, isDeadLetter, LOG_ALERT, NAMED, ON_RECORD, RETAINED, referring } from '../../foundation/promises';

const ACCOUNT = 'azurerm_storage_account';
const CONTAINER = 'azurerm_storage_container';
const RULES = 'azurerm_storage_management_policy';
const BLOBS = 'Microsoft.Storage/storageAccounts/blobServices/containers';
const USER_DELEGATION_KEY = 'Microsoft.Storage/storageAccounts/blobServices/generateUserDelegationKey/action';
const SAS = 'It creates a SAS, which gives access to anyone who has it. Assign a role instead: the account accepts no keys.';
const nothing = 'no effect here';

export const facts: ServiceFacts = {
  name: 'Blob Storage',
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
        ofData(
          setTo({
            rule: 'undelete',
            must: 'keep old versions',
            at: 'blob_properties.versioning_enabled',
            to: [true],
            weak: false,
            worse: 'overwritten blobs cannot be restored',
          }),
        ),
        ofData(
          promised('undelete', 'delete old versions', deletesVersions, {
            'old versions are never deleted': remove(referring(RULES)),
          }),
        ),
        ofData(RETAINED),
        ofData(ON_RECORD),
      ],
      costs: accountCosts,
      answered: { rings: 'It has no limit to reach and no delay. The alert of the writer fires when a write fails.' },
      computed: {
        id: armId('Microsoft.Storage/storageAccounts/acme'),
        primary_blob_endpoint: 'https://acme.blob.core.windows.net/',
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
        local_user_enabled: nothing,
        min_tls_version: nothing,
      },
    },
    [CONTAINER]: {
      name: 'container',
      replacedBy: ['name', 'storage_account_id', 'default_encryption_scope', 'encryption_scope_override_enabled'],
      role: (container, stack) => (isHost(container, stack) ? 'helps' : 'holds data'),
      tells: (container) => {
        const [account] = container.refers('storage_account_id');
        return [
          ['Blob Storage', account && only(account, 'account_replication_type')].filter(Boolean).join(' '),
          account && is(account, 'blob_properties.versioning_enabled', true) ? 'versioned' : undefined,
          account && is(account, 'shared_access_key_enabled', false) ? 'no keys' : undefined,
          said.kept(container),
        ];
      },
      named: ['name', /^(?=.{3,63}$)[a-z0-9](-?[a-z0-9])*$/],
      takes: ['Storage Blob Data Contributor', 'Storage Blob Data Owner'],
      grants: (container) => {
        const access = only(container, 'container_access_type') ?? 'private';
        return access === 'private' ? [] : [{ holder: 'everyone', may: `anonymous read (${access})`, on: container.id }];
      },
      promises: [
        setTo({
          rule: 'private',
          must: 'be private',
          at: 'container_access_type',
          to: ['private'],
          weak: 'blob',
          worse: 'everyone may read its blobs',
        }),
        ofData(RETAINED),
        {
          ...promised(
            'rings',
            'have an alert that fires at the first dead letter',
            (container, stack) =>
              alertsOf(LOG_ALERT, stack).some((alert) => names(alert, 'criteria.query', container) && atTheFirst(alert)),
            {
              'there is no alert on dead letters': remove(referring(LOG_ALERT)),
              'the alert on dead letters has a threshold of a thousand': set('criteria.0.threshold', 1000, referring(LOG_ALERT)),
              'the alert on dead letters is disabled': set('enabled', false, referring(LOG_ALERT)),
              'the alert on dead letters names no container': set('criteria.0.query', 'StorageBlobLogs', referring(LOG_ALERT)),
            },
          ),
          concerns: isDeadLetter,
        },
      ],
      costs: 'Its account is billed.',
      answered: {
        encrypted: 'Its account encrypts it.',
        undelete: 'Its account has soft delete and versioning.',
      },
      effective: /^(data:)?Microsoft\.(\*|Storage\/storageAccounts\/blobServices\/containers)/i,
      computed: { id: armId('Microsoft.Storage/storageAccounts/acme/blobServices/default/containers/acme') },
      local: { ...NAMED, storage_account_id: 'emulated', container_access_type: fitting(/^private$/, 'a private container') },
    },
    [RULES]: {
      name: 'lifecycle management policy',
      replacedBy: ['storage_account_id'],
      role: 'helps',
      computed: { id: armId('Microsoft.Storage/storageAccounts/acme/managementPolicies/default') },
      // It moves old blobs to the cold tier. In a local run, no blob is old.
      local: nothing,
    },
  },
  calls: {
    // https://learn.microsoft.com/rest/api/storageservices/put-blob#permissions
    '@azure/storage-blob BlockBlobClient.upload': ({ receiver }) => [{ may: `data:${BLOBS}/blobs/write`, on: said.whole(receiver) }],
    // https://learn.microsoft.com/rest/api/storageservices/get-blob-properties#permissions
    '@azure/storage-blob BlobClient.getProperties': ({ receiver }) => [{ may: `data:${BLOBS}/blobs/read`, on: said.whole(receiver) }],
    // https://learn.microsoft.com/rest/api/storageservices/get-blob#permissions
    '@azure/storage-blob BlobClient.downloadToBuffer': ({ receiver }) => [{ may: `data:${BLOBS}/blobs/read`, on: said.whole(receiver) }],
    // https://learn.microsoft.com/rest/api/storageservices/create-container#permissions
    '@azure/storage-blob ContainerClient.createIfNotExists': ({ receiver }) => [{ may: `${BLOBS}/write`, on: said.whole(receiver) }],
  },
  harmless: [
    '@azure/storage-blob ContainerClient',
    '@azure/storage-blob ContainerClient.getBlockBlobClient',
    // The error of a failed call.
    '@azure/core-rest-pipeline RestError',
  ],
  roles: {
    'Storage Blob Data Owner': { permissions: [`${BLOBS}/*`, `data:${BLOBS}/blobs/*`, USER_DELEGATION_KEY] },
    'Storage Blob Data Contributor': {
      permissions: [
        ...['delete', 'read', 'write'].map((verb) => `${BLOBS}/${verb}`),
        ...['add/action', 'delete', 'move/action', 'read', 'write'].map((verb) => `data:${BLOBS}/blobs/${verb}`),
        USER_DELEGATION_KEY,
      ],
    },
    'Storage Blob Data Reader': { permissions: [`${BLOBS}/read`, `data:${BLOBS}/blobs/read`, USER_DELEGATION_KEY] },
  },
  forbidden: {
    azurerm_storage_account_local_user: 'A local user signs in with a password or a key. Assign a role to an identity instead.',
    'data.azurerm_storage_account_sas': SAS,
    'data.azurerm_storage_account_blob_container_sas': SAS,
  },
};

/**
 * Whether the resource is host storage of an app and nothing else: it holds no data, and may be deleted.
 * @see https://learn.microsoft.com/azure/azure-functions/storage-considerations
 */
function isHost(resource: Asked, stack: Stack): boolean {
  const isUsed = (one: Asked) => stack.all.some((app) => names(app, 'storage_container_endpoint', one));
  const within = stack.of(CONTAINER).filter((container) => names(container, 'storage_account_id', resource));
  return isUsed(resource) && within.every(isUsed);
}

function ofData(promise: Promised): Promised {
  return { ...promise, concerns: (resource, stack) => !isHost(resource, stack) };
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

/** Blobs are compressed, eight times smaller than their events. The host of an app writes twice for each call: its lease and its checkpoint. */
function accountCosts(account: Asked, load: Load): Cost[] {
  const { count, bytes } = load.writes(account);
  const lower = 'A larger `batchSize`, and a longer `batchWindowSeconds`, of the delivery make fewer and larger blobs.';
  const writes: PriceKey = `blobWrites${copiesOf(account)}`;
  if (isHost(account, load.stack))
    return [{ what: 'writes of the host, two for each call', price: writes, units: count * MONTH * 2, lower }];
  return [
    { what: 'blob writes, one for each batch', price: writes, units: count * MONTH, lower },
    {
      what: 'storage of the blobs of one month, compressed 8:1',
      price: `blobStorage${copiesOf(account)}`,
      units: (bytes * MONTH) / GB,
      lower: "`redundancy: 'LRS'` of the store. It does not survive the loss of a zone.",
    },
  ];
}

const COPIES = ['LRS', 'ZRS', 'GRS', 'GZRS'] as const;

/** Read access to the secondary region is not counted. */
function copiesOf(account: Asked): (typeof COPIES)[number] {
  return COPIES.find((copies) => is(account, 'account_replication_type', copies, `RA${copies}`)) ?? 'LRS';
}
