import type { IConstruct } from 'constructs';
import { type NumberRule, requireNumber, SettingError } from '../../../shared/synth/settings';
import type { Delivery } from '../../ports/delivery';
import type { Workload } from '../../ports/identity';
import { MOST_RETRIES } from './limits';

const RETRIES: NumberRule = {
  from: 1,
  to: MOST_RETRIES,
  unit: 'retries',
  remedy: 'A message that fails more often does not succeed by itself.',
};

/**
 * How often a message of a queue is retried.
 * @throws SettingError on settings of batches: a queue delivers each message in a call of its own
 */
export function retriesOf(queue: IConstruct, { batchSize, batchWindowSeconds, maxRetries = 5 }: Delivery): number {
  const given = Object.entries({ batchSize, batchWindowSeconds }).flatMap(([name, value]) => (value === undefined ? [] : [name]));
  if (given.length > 0) {
    const remedy = `Leave ${given.join(' and ')} out. For batches, use EventHubBuffer.`;
    throw new SettingError(queue, 'a queue delivers each message alone', given.join(' and '), remedy);
  }
  requireNumber(queue, { maxRetries }, RETRIES, 'known');
  return maxRetries;
}

/** The only reader of a queue. */
export class OnlyReader {
  private reader?: Workload;

  constructor(private readonly queue: IConstruct) {}

  /** @throws SettingError if the queue has a reader: with two, each message would reach only one of them */
  take(reader: Workload) {
    if (this.reader) {
      const remedy = 'For several readers, create one queue for each, or use EventHubBuffer.';
      throw new SettingError(this.queue, 'a queue must have one reader', `${reader.node.path} after ${this.reader.node.path}`, remedy);
    }
    this.reader = reader;
  }
}
