import { type Cost, GB, type Load, MONTH } from '../../../shared/read/facts/cost';
import { promised } from '../../../shared/read/facts/promise';
import type { Needed, Promised, ServiceFacts } from '../../../shared/read/facts/types';
import { type Draft, remove, set } from '../../../shared/read/facts/weaken';
import { type Asked, amount, is, names, only, type Stack } from '../../../shared/read/stack';
import { said } from '../../../shared/read/tell';
import { alertsOf, armId, atTheFirst, LOG_ALERT, NAMED, RETAINED } from '../../foundation/promises';
import { messagesInto, QueueFacts, senderNeeds, sentBy } from '../../foundation/queues/promises';

const QUEUE = 'azurerm_storage_queue';
const QUEUES = 'Microsoft.Storage/storageAccounts/queueServices/queues';
const READ_QUEUE = `${QUEUES}/read`;
const READ = `data:${QUEUES}/messages/read`;
const PROCESS = `data:${QUEUES}/messages/process/action`;
const ADD = `data:${QUEUES}/messages/add/action`;
const HOST = 'app_settings.AzureFunctionsJobHost__extensions__queues__';
const POISON = '-poison';

const readers = new QueueFacts('__queueServiceUri');

export const facts: ServiceFacts = {
  name: 'Storage queue',
  local: 'runs',
  unproven: [
    'That StorageQueueLogs has the path of the queue in the column Uri, which the alerts on queues search for.',
    'That a storage queue accepts a message without the header x-ms-date, as the send command sends it.',
    'How Event Grid encodes what it puts into a storage queue: the source reads plain text and base64.',
  ],
  types: {
    [QUEUE]: {
      name: 'queue',
      replacedBy: ['name', 'storage_account_id', 'storage_account_name'],
      role: 'holds data',
      tells: (queue) => {
        const [account] = queue.refers('storage_account_id');
        return [
          ['Storage queue', account && only(account, 'account_replication_type')].filter(Boolean).join(' '),
          account && is(account, 'shared_access_key_enabled', false) ? 'no keys' : undefined,
          said.kept(queue),
        ];
      },
      named: ['name', /^(?=.{3,63}$)[a-z0-9](-?[a-z0-9])*$/],
      flow: (queue, seen) => [...sentBy(queue, 'POST /messages, Entra ID', seen), ...readers.readBy(queue, seen)],
      takes: ['Storage Queue Data Message Sender', 'Storage Queue Data Contributor'],
      promises: [
        RETAINED,
        ...readers.promises(),
        ofRead(
          promised('nothing-lost', 'be read as plain text: the host moves what it cannot decode to the poison queue', isPlain, {
            'messages of plain senders are moved to the poison queue': inHost('messageEncoding', 'base64'),
            'the encoding of messages is not set': inHost('messageEncoding'),
          }),
        ),
        ofRead(
          promised('nothing-lost', 'be delivered more often than the handler tries: the poison queue deletes after a week', outlasts, {
            'an outage moves good messages to the poison queue': inHost('maxDequeueCount', '6'),
            'the number of deliveries is not set': inHost('maxDequeueCount'),
          }),
        ),
        ofRead(
          promised(
            'nothing-lost',
            'have a poison queue: the host may not create one',
            (queue, stack) => poisonOf(queue, stack) !== undefined,
            {
              'it has no poison queue': (draft, queue) => {
                for (const [id, { body }] of draft.resources)
                  if (body.name === `${only(queue, 'name')}${POISON}`) draft.resources.delete(id);
              },
            },
          ),
        ),
        {
          ...promised('rings', 'have an alert that fires at the first message that the host gives up', isWatched, {
            'there is no alert on the poison queue': remove(watching),
            'the alert on the poison queue has a threshold of a thousand': set('criteria.0.threshold', 1000, watching),
            'the alert on the poison queue is disabled': set('enabled', false, watching),
          }),
          concerns: (queue, stack) => isPoison(queue) && isOurs(queue, stack),
        },
        {
          ...promised('rings', 'have an alert that fires when messages arrive and none is processed', isWatched, {
            'there is no alert on messages that are not processed': remove(watching),
            'the alert on messages that are not processed is disabled': set('enabled', false, watching),
          }),
          concerns: (queue, stack) => !isPoison(queue) && isOurs(queue, stack),
        },
      ],
      answered: {
        encrypted: 'Its account encrypts it.',
        private: 'Its account accepts no keys: callers need a Microsoft Entra token, and the check of least privilege reads their roles.',
        undelete: 'Azure has no soft delete for queues. What was processed is in the store.',
      },
      needs: (queue, stack) => [...senderNeeds(queue, stack, [ADD]), ...hostNeeds(queue, stack)],
      costs: operations,
      brings: (queue, load) => readers.brings(queue, load),
      effective: /^(data:)?Microsoft\.(\*|Storage\/storageAccounts\/queueServices)/i,
      computed: { id: armId('Microsoft.Storage/storageAccounts/acme/queueServices/default/queues/acme') },
      local: { ...NAMED, storage_account_id: 'emulated' },
    },
  },
  calls: {
    // https://learn.microsoft.com/azure/azure-functions/functions-bindings-storage-queue-trigger#grant-permission-to-the-identity
    '@azure/functions trigger.generic': ({ arguments: [options] }) =>
      said.part(options, 'type') === 'queueTrigger'
        ? [READ_QUEUE, READ, PROCESS].map((may) => ({ may, on: said.part(options, 'queueName').replace(/^%(\w+)%$/, '{$1}') }))
        : undefined,
  },
  roles: {
    'Storage Queue Data Contributor': {
      permissions: [
        ...['delete', 'read', 'write'].map((verb) => `${QUEUES}/${verb}`),
        ...['add/action', 'delete', 'process/action', 'read', 'write'].map((verb) => `data:${QUEUES}/messages/${verb}`),
      ],
    },
    'Storage Queue Data Message Processor': { permissions: [READ, PROCESS] },
    'Storage Queue Data Message Sender': { permissions: [ADD] },
    'Storage Queue Data Reader': { permissions: [READ_QUEUE, READ] },
  },
};

/** The Functions host moves messages to a queue of this name. */
function isPoison(queue: Asked): boolean {
  return String(only(queue, 'name')).endsWith(POISON);
}

/** Whether its account is in the stack. An existing account logs what its owner set, so there are no alerts on its queues. */
function isOurs(queue: Asked, stack: Stack): boolean {
  return stack.of('azurerm_storage_account').some((account) => names(queue, 'storage_account_id', account));
}

function poisonOf(queue: Asked, stack: Stack): Asked | undefined {
  return stack
    .of(QUEUE)
    .find(
      (other) =>
        only(other, 'name') === `${only(queue, 'name')}${POISON}` &&
        only(other, 'storage_account_id') === only(queue, 'storage_account_id'),
    );
}

function ofRead(promise: Promised): Promised {
  return { ...promise, concerns: (queue, stack) => readers.triggersOf(queue, stack).length > 0 };
}

function isPlain(queue: Asked, stack: Stack): boolean {
  return readers.triggersOf(queue, stack).every(({ app }) => is(app, `${HOST}messageEncoding`, 'none'));
}

/** The handler gives a message up after its retries, and then tries to write the dead letter for as long as it is delivered. */
function outlasts(queue: Asked, stack: Stack): boolean {
  return readers.triggersOf(queue, stack).every(({ app }) => amount(app, `${HOST}maxDequeueCount`) >= 1000);
}

/** Change a setting of the host of every app that reads a queue. */
function inHost(setting: string, value?: string) {
  return readers.inReaders((settings) => {
    const name = `${HOST.slice('app_settings.'.length)}${setting}`;
    if (value === undefined) delete settings[name];
    else settings[name] = value;
  });
}

/** The alerts whose query names a queue. */
function watching(queue: Asked, draft: Draft): string[] {
  return [...draft.resources]
    .filter(([, { type, body }]) => type === LOG_ALERT && JSON.stringify(body).includes(`{${queue.id}.`))
    .map(([id]) => id);
}

function isWatched(queue: Asked, stack: Stack): boolean {
  return alertsOf(LOG_ALERT, stack).some((alert) => names(alert, 'criteria.query', queue) && atTheFirst(alert));
}

/** The host of the app that reads a queue moves messages to its poison queue. */
function hostNeeds(queue: Asked, stack: Stack): Needed[] {
  if (!isPoison(queue)) return [];
  const read = stack.of(QUEUE).filter((other) => poisonOf(other, stack)?.id === queue.id);
  return read
    .flatMap((one) => readers.triggersOf(one, stack))
    .map(({ app }) => ({
      who: app.refers('identity.identity_ids')[0]?.id ?? '',
      may: ADD,
      on: queue.id,
      because: 'the Functions host moves messages there that it delivered too often',
    }));
}

/** A message is sent, received and deleted, and an account of the stack logs each. A poison queue has no load. */
function operations(queue: Asked, load: Load): Cost[] {
  const count = isPoison(queue) ? 0 : messagesInto(queue, load) * MONTH * 3;
  return [
    {
      what: 'operations, three for each message',
      price: 'storageQueueOperations',
      units: count,
      lower: 'No setting: each event or new object is one message.',
    },
    {
      what: 'logs, 1 kB for each operation',
      price: 'logAnalytics',
      units: isOurs(queue, load.stack) ? (count * 1000) / GB : 0,
      lower: 'An existing account, with `accountId`: it logs what its owner set, and its queues have no alerts.',
    },
  ];
}
