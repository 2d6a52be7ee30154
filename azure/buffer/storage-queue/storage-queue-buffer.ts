import { RoleAssignment } from '@cdktf/provider-azurerm/lib/role-assignment';
import type { StorageAccount } from '@cdktf/provider-azurerm/lib/storage-account';
import { StorageQueue } from '@cdktf/provider-azurerm/lib/storage-queue';
import { Construct } from 'constructs';
import { keepAddress, takeName } from '../../../shared/synth/kept-name';
import type { NumberRule, Removal } from '../../../shared/synth/settings';
import {
  ACTION_GROUPS,
  mayDestroy,
  requireAbsent,
  requireNumber,
  requireOneOf,
  requireText,
  requireTexts,
} from '../../../shared/synth/settings';
import { canonicalId, segment } from '../../foundation/arm-id';
import { Lock } from '../../foundation/lock';
import { OnlyReader, retriesOf } from '../../foundation/queues/queue-reading';
import { needResourceProviders } from '../../foundation/resource-providers';
import { ACCOUNT, ACCOUNT_ID, ACCOUNT_NAME } from '../../foundation/storage/account-rules';
import type { Delivery } from '../../ports/delivery';
import type { Binding, FunctionWorkload, Workload } from '../../ports/identity';
import type { EventTarget, RecordSink, RecordSource, SendRequest } from '../../ports/records';
import type { Site } from '../../ports/site';
import { QueueAccount } from './queue-account';
import { sendRequest } from './send-request';
import { type Tries, triggerSettings } from './trigger-settings';

const DELAY: NumberRule = { from: 0, to: 3600, unit: 'seconds', remedy: 'A message that waits longer is better given up.' };
const CONCURRENCY: NumberRule = { from: 1, to: 32, unit: 'messages', remedy: 'The Functions host takes no more at once.' };

/** Settings for {@link StorageQueueBuffer}. */
export interface StorageQueueBufferProps {
  /** The resource group, the region and the workspace of the buffer. */
  readonly site: Site;
  /**
   * The middle of the name of the storage account, or in an existing account the start of the names of the queues: 1 to 5
   * lower-case letters and digits. Each store, each processor and each queue of a site and of a stack needs its own name.
   * @default queue
   */
  readonly name?: string;
  /**
   * The redundancy of the storage account. `ZRS` keeps three copies in three zones, and survives the loss of one zone. Regions
   * without zones have only `LRS`. `GZRS` and `GRS` keep more copies in the paired region.
   * @default ZRS
   */
  readonly redundancy?: 'LRS' | 'ZRS' | 'GRS' | 'GZRS';
  /**
   * How long a failed message is hidden before its next try, from 0 to 3600 seconds. With 0 all retries are over within seconds.
   * @default 30
   */
  readonly retryDelaySeconds?: number;
  /**
   * How many messages an instance of the function processes at the same time, from 1 to 32. It limits the load on the store.
   * @default 16
   */
  readonly maxConcurrency?: number;
  /**
   * The id of an existing storage account to create the queues in. Its keys, redundancy and logs stay unchanged, and there are no
   * alerts on its queues.
   * @default - a new account
   */
  readonly accountId?: string;
  /**
   * The ids of the action groups that every alert notifies.
   * @default - alerts fire without a notification
   */
  readonly notify?: readonly string[];
  /**
   * What happens to the messages when the stack is deleted. With `retain`, `terraform destroy` fails. `destroy` also requires
   * the context `destroyData`.
   * @default retain
   */
  readonly removal?: Removal;
  /**
   * Whether a lock protects a new account from deletion with any tool. The deployer must be Owner or User Access
   * Administrator, and a create and a destroy take two minutes longer. While the lock exists, no role assignment and no
   * diagnostic setting of the account can be deleted: an apply that removes a writer from the stack fails.
   * @default false
   */
  readonly lock?: boolean;
}

/**
 * Buffer stage: a queue of a storage account for one reader. Each message is processed, retried and given up alone. Senders and
 * readers sign in with Microsoft Entra ID: account keys are disabled.
 *
 * Do not use it for events over 48 KB (64 KB with the XML around them), for replay, order, several readers or an alert on the
 * length of the queue: use `ServiceBusBuffer` or `EventHubBuffer`. Messages that are sent without `messagettl=-1` are deleted after
 * seven days. Deleted messages cannot be restored.
 *
 * Idle it costs about 3 USD a month, for its alerts and metrics. A million events cost about 8 USD: 1 for the queue, and 7 for the log of
 * each call, which two of the alerts read; an existing account has neither. A change of `name` creates new queues, and `retain` refuses
 * that.
 * @see https://learn.microsoft.com/azure/storage/queues/storage-queues-introduction
 */
export class StorageQueueBuffer extends Construct implements RecordSink, RecordSource {
  /** The storage account, if this construct created it. */
  readonly account?: StorageAccount;
  /** The name of the storage account, new or existing. */
  readonly accountName: string;
  /** The queue of the events. */
  readonly queue: StorageQueue;
  /** Where the Functions host moves messages that it cannot hand to the code for days. It deletes them after seven days. */
  readonly poisonQueue: StorageQueue;
  readonly sendRequest: SendRequest;
  readonly format = 'storage-queue';

  private readonly accountId: string;
  private readonly endpoint: string;
  private readonly tries: Tries;
  private readonly lock?: Lock;
  private readonly reader = new OnlyReader(this);

  constructor(scope: Construct, id: string, props: StorageQueueBufferProps) {
    super(scope, id);
    const { site, notify, accountId, name, redundancy, lock } = props;
    const middle = name ?? 'queue';
    const copies = redundancy ?? 'ZRS';
    this.tries = { retryDelaySeconds: props.retryDelaySeconds ?? 30, maxConcurrency: props.maxConcurrency ?? 16 };
    requireText(this, { name: middle }, ACCOUNT_NAME);
    requireOneOf(this, { redundancy: copies }, ['LRS', 'ZRS', 'GRS', 'GZRS'], 'In a region without zones take LRS.');
    requireNumber(this, { retryDelaySeconds: this.tries.retryDelaySeconds }, DELAY, 'known');
    requireNumber(this, { maxConcurrency: this.tries.maxConcurrency }, CONCURRENCY, 'known');
    requireTexts(this, { notify }, ACTION_GROUPS);
    requireOneOf(this, { lock: lock ?? false }, [true, false], 'Leave it out for no lock.');
    if (accountId !== undefined) {
      requireText(this, { accountId }, ACCOUNT_ID);
      requireAbsent(this, 'accountId', { redundancy, lock });
    }
    const lifecycle = mayDestroy(this, props.removal) ? undefined : { preventDestroy: true };
    if (accountId === undefined) takeName(this, 'storage account of a site', middle, [site.prefix, site.suffix]);
    else takeName(this, 'queue in an account', middle, [canonicalId(accountId, ACCOUNT)]);
    needResourceProviders(this, 'Microsoft.Insights', 'Microsoft.Storage');

    const created =
      accountId === undefined
        ? new QueueAccount(this, 'Account', { site, name: middle, redundancy: copies, notify, lifecycle })
        : undefined;
    this.account = created?.resource;
    const storageAccountId = this.account?.id ?? canonicalId(accountId!, ACCOUNT);
    this.accountId = storageAccountId;
    this.accountName = this.account?.name ?? segment(storageAccountId, 8);
    this.endpoint = this.account?.primaryQueueEndpoint ?? `https://${this.accountName}.queue.core.windows.net/`;
    const start = created || name === undefined ? '' : `${name}-`;
    const queue = (child: string, suffix: string) => {
      const resource = new StorageQueue(this, child, { name: `${start}${suffix}`, storageAccountId, lifecycle });
      keepAddress(resource, `${middle}-${suffix}`);
      return resource;
    };
    this.queue = queue('Events', 'events');
    // The host would create it, which takes a role that can also delete queues.
    this.poisonQueue = queue('DeadLetter', 'events-poison');
    created?.watch(this.queue, this.poisonQueue);
    if (created && lock) this.lock = new Lock(this, 'Lock', created.resource, this.queue, this.poisonQueue, ...created.parts);
    this.sendRequest = sendRequest(this.endpoint, this.queue.name);
  }

  bindWriter(writer: Workload, name: string): Binding {
    return this.bind(writer, name, { Writer: [this.queue, 'Storage Queue Data Message Sender'] });
  }

  bindEvents(deliverer: Workload): EventTarget {
    const { waitFor } = this.bindWriter(deliverer, 'EVENTS');
    return { endpoint: { storageQueueEndpoint: { storageAccountId: this.accountId, queueName: this.queue.name } }, waitFor };
  }

  /** The default of `delivery`: 5 retries. Each message is a batch of its own. */
  deliverTo(target: FunctionWorkload, delivery: Delivery = {}): Binding {
    const trigger = triggerSettings(retriesOf(this, delivery), this.tries);
    this.reader.take(target);
    const { settings, waitFor } = this.bind(target, 'EVENTS', {
      Reader: [this.queue, 'Storage Queue Data Reader'],
      Processor: [this.queue, 'Storage Queue Data Message Processor'],
      Poison: [this.poisonQueue, 'Storage Queue Data Message Sender'],
    });
    const connection = {
      EVENTS_ACCOUNT: this.accountName,
      EVENTS__queueServiceUri: this.endpoint,
      EVENTS__credential: 'managedidentity',
      EVENTS__clientId: target.clientId,
    };
    return { settings: { ...settings, ...connection, ...trigger }, waitFor };
  }

  bindReader(reader: Workload, name: string): Binding {
    this.reader.take(reader);
    return this.bind(reader, name, { Processor: [this.queue, 'Storage Queue Data Message Processor'] });
  }

  private bind(workload: Workload, name: string, roles: Readonly<Record<string, readonly [StorageQueue, string]>>): Binding {
    const { principalId, principalType, forEach } = workload;
    const waitFor = Object.entries(roles).map(([as, [{ id: scope }, roleDefinitionName]]) => {
      return new RoleAssignment(workload, `${name}${as}`, { scope, roleDefinitionName, principalId, principalType, forEach });
    });
    this.lock?.over(...waitFor);
    return { settings: { [`${name}_ENDPOINT`]: this.endpoint, [`${name}_QUEUE`]: this.queue.name }, waitFor };
  }
}
