import { RefusedError } from '../../platform';
import { Resource } from '../../template/resource';
import type { Terraform } from '../../template/terraform';

/** A queue, with its storage account. */
export interface QueueName {
  readonly account: string;
  readonly queue: string;
}

/** The queues of the template. */
export interface QueueSettings {
  /** The names of the storage accounts that have queues, by resource. */
  readonly accounts: ReadonlyMap<string, string>;
  readonly queues: readonly QueueName[];
  /** The queue that clients send to: the one with a poison queue. */
  readonly door: QueueName;
}

/** @throws RefusedError unless there is one queue with a poison queue, in an account of the template */
export async function readQueues(terraform: Terraform): Promise<QueueSettings> {
  const accounts = await Resource.all(terraform, 'azurerm_storage_account');
  const byId = new Map(
    await Promise.all(accounts.map(async (one) => [await terraform.evaluate(`\${${one.path}.id}`, one.path), one] as const)),
  );
  const used = new Map<string, string>();
  const queues = (await Resource.all(terraform, 'azurerm_storage_queue')).map((one): QueueName => {
    const account = byId.get(one.text('storage_account_id'));
    if (account === undefined) throw new RefusedError(`${one.path}.storage_account_id`, 'it is not an account of this template');
    used.set(account.path, account.text('name'));
    return { account: account.text('name'), queue: one.text('name') };
  });
  const read = queues.filter((one) => queues.some(({ account, queue }) => account === one.account && queue === `${one.queue}-poison`));
  const [door, ...others] = read;
  if (!door || others.length > 0)
    throw new RefusedError('azurerm_storage_queue', `one queue with a poison queue is emulated, and the template has ${read.length}`);
  return { accounts: used, queues, door };
}
