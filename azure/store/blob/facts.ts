import { fitting } from '../../../shared/read/facts/local';
import { promised, setTo } from '../../../shared/read/facts/promise';
import type { Needed, ServiceFacts } from '../../../shared/read/facts/types';
import { remove, set } from '../../../shared/read/facts/weaken';
import { type Asked, is, names, only, type Stack } from '../../../shared/read/stack';
import { said } from '../../../shared/read/tell';
import { references, type TfStack } from '../../../shared/read/tf';
import {
  alertsOf,
  armId,
  atTheFirst,
  isDeadLetter,
  isHost,
  isLake,
  LOG_ALERT,
  NAMED,
  ofData,
  RETAINED,
  referring,
} from '../../foundation/promises';

const CONTAINER = 'azurerm_storage_container';
const BLOBS = 'Microsoft.Storage/storageAccounts/blobServices/containers';
const USER_DELEGATION_KEY = 'Microsoft.Storage/storageAccounts/blobServices/generateUserDelegationKey/action';
const SAS = 'It creates a SAS, which gives access to anyone who has it. Assign a role instead: the account accepts no keys.';

export const facts: ServiceFacts = {
  name: 'Blob Storage',
  local: 'runs',
  types: {
    [CONTAINER]: {
      name: 'container',
      replacedBy: ['name', 'storage_account_id', 'default_encryption_scope', 'encryption_scope_override_enabled'],
      role: (container, stack) => (isHost(container, stack) ? 'helps' : 'holds data'),
      tells: (container) => {
        const [account] = container.refers('storage_account_id');
        return [
          [account && isLake(account) ? 'Data Lake Storage' : 'Blob Storage', account && only(account, 'account_replication_type')]
            .filter(Boolean)
            .join(' '),
          account && is(account, 'blob_properties.versioning_enabled', true) ? 'versioned' : undefined,
          account && is(account, 'shared_access_key_enabled', false) ? 'no keys' : undefined,
          said.kept(container),
        ];
      },
      named: ['name', /^(?=.{3,63}$)[a-z0-9](-?[a-z0-9])*$/],
      takes: ['Storage Blob Data Contributor', 'Storage Blob Data Owner'],
      flow: (container, seen) =>
        seen.access
          .filter(({ identity, may, on }) => identity === 'client' && may === 'Storage Blob Data Contributor' && on === container.name)
          .map(({ may }) => ({
            from: 'client',
            how: `Put Blob, Entra ID, ${may}`,
            to: container.stage,
            notes: seen.tell(container),
            between: ['client', container.id],
          })),
      grants: (container) => {
        const access = only(container, 'container_access_type') ?? 'private';
        return access === 'private' ? [] : [{ holder: 'everyone', may: `anonymous read (${access})`, on: container.id }];
      },
      needs: (container, stack) => [...uploaderNeeds(container, stack), ...readerNeeds(container, stack)],
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
        undelete: 'Its account has soft delete, and versioning where it is no data lake.',
      },
      effective: /^(data:)?Microsoft\.(\*|Storage\/storageAccounts\/blobServices\/containers)/i,
      computed: { id: armId('Microsoft.Storage/storageAccounts/acme/blobServices/default/containers/acme') },
      local: { ...NAMED, storage_account_id: 'emulated', container_access_type: fitting(/^private$/, 'a private container') },
    },
  },
  calls: {
    // https://learn.microsoft.com/rest/api/storageservices/put-blob#permissions
    '@azure/storage-blob BlockBlobClient.upload': ({ receiver }) => [{ may: `data:${BLOBS}/blobs/write`, on: said.whole(receiver) }],
    // https://learn.microsoft.com/rest/api/storageservices/get-blob-properties#permissions
    '@azure/storage-blob BlobClient.getProperties': ({ receiver }) => [{ may: `data:${BLOBS}/blobs/read`, on: said.whole(receiver) }],
    // https://learn.microsoft.com/rest/api/storageservices/get-blob#permissions
    '@azure/storage-blob BlobClient.downloadToBuffer': ({ receiver }) => [{ may: `data:${BLOBS}/blobs/read`, on: said.whole(receiver) }],
    '@azure/storage-blob BlobClient.download': ({ receiver }) => [{ may: `data:${BLOBS}/blobs/read`, on: said.whole(receiver) }],
    // https://learn.microsoft.com/rest/api/storageservices/list-blobs#permissions
    '@azure/storage-blob ContainerClient.listBlobsFlat': ({ receiver }) => [{ may: `data:${BLOBS}/blobs/read`, on: said.whole(receiver) }],
    // https://learn.microsoft.com/rest/api/storageservices/create-container#permissions
    '@azure/storage-blob ContainerClient.createIfNotExists': ({ receiver }) => [{ may: `${BLOBS}/write`, on: said.whole(receiver) }],
  },
  harmless: [
    '@azure/storage-blob ContainerClient',
    '@azure/storage-blob ContainerClient.getBlobClient',
    '@azure/storage-blob ContainerClient.getBlockBlobClient',
    '@azure/storage-blob BlobClient.withVersion',
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
    'Storage Blob Data Reader': {
      permissions: [`${BLOBS}/read`, `data:${BLOBS}/blobs/read`, USER_DELEGATION_KEY],
      surplus: 'The role to read blobs also allows to read the settings of their container: Azure has no role without it.',
    },
  },
  forbidden: {
    azurerm_storage_account_local_user: 'A local user signs in with a password or a key. Assign a role to an identity instead.',
    'data.azurerm_storage_account_sas': SAS,
    'data.azurerm_storage_account_blob_container_sas': SAS,
  },
};

/** Clients upload with the command in the outputs of the stack. */
function uploaderNeeds(container: Asked, stack: Stack): Needed[] {
  const { output } = (stack as TfStack).json;
  const isTarget = references(output?.upload_command?.value).includes(container.id);
  return isTarget ? [{ who: 'client', may: `data:${BLOBS}/blobs/write`, on: container.id, because: 'an exporter uploads files' }] : [];
}

/** Readers outside of the stack open the container of the address in its outputs. */
function readerNeeds(container: Asked, stack: Stack): Needed[] {
  const { output } = (stack as TfStack).json;
  const isServed = references(output?.served_url?.value).includes(container.id);
  return isServed ? [{ who: 'client', may: `data:${BLOBS}/blobs/read`, on: container.id, because: 'reports read it' }] : [];
}
