import type { Chaos } from '../../chaos';
import type { Witness } from '../../platform';
import type { TableWriter } from '../site';
import type { Delivery, Subscription } from './subscription';

/** The settings of a subscription that writes into a table. */
export interface TableTarget {
  /** Such as `project.dataset.table`. */
  readonly table: string;
  /** The service account that writes. */
  readonly email: string;
}

/** How many messages it writes at the same time. */
const CONCURRENCY = 100;

/**
 * Writes the messages of a subscription into a table. A message that is written and not acknowledged is written again.
 * @see https://cloud.google.com/pubsub/docs/bigquery
 */
export class TableDelivery {
  private readonly unsubscribe: () => void;
  private running = 0;
  private stopped = false;

  constructor(
    private readonly subscription: Subscription,
    private readonly options: {
      readonly email: string;
      readonly write: TableWriter;
      readonly witness: Pick<Witness, 'delivered' | 'answered'>;
      readonly chaos: Chaos;
    },
  ) {
    this.unsubscribe = subscription.onChange(() => this.pump());
    this.pump();
  }

  /** Write no more messages. */
  stop() {
    this.stopped = true;
    this.unsubscribe();
  }

  private pump() {
    if (this.stopped) return;
    for (const delivery of this.subscription.take(CONCURRENCY - this.running)) {
      this.running += 1;
      void this.deliver(delivery).finally(() => {
        this.running -= 1;
        this.pump();
      });
    }
  }

  private async deliver({ message, attempt, ackId }: Delivery) {
    const { email, write, witness, chaos } = this.options;
    const { name } = this.subscription.settings;
    const positions = [message.messageId];
    witness.delivered({ positions, attempt, from: name.split('/').at(-1)! });
    const failed = await write({ ...message, subscription: name }, email);
    if (this.stopped) return;
    const why = failed ?? (chaos.answer() === 'lost' ? 'the answer was lost' : undefined);
    if (why === undefined) this.subscription.acknowledge(ackId);
    witness.answered({ positions, outcome: why === undefined ? 'settled' : this.subscription.refuse(ackId, failed), why });
  }
}
