import type { Chaos } from '../../chaos';
import type { Pace } from '../../pace';
import type { Witness } from '../../platform';
import type { ObjectWriter } from '../site';
import { contentOf, type FileSettings, fileName } from './files';
import type { Delivery, Subscription } from './subscription';

/** A file that is not yet written. Its messages are not acknowledged. */
interface OpenFile {
  readonly opened: Date;
  readonly deliveries: Delivery[];
  bytes: number;
  readonly timer: NodeJS.Timeout;
}

/**
 * Writes the messages of a subscription into files. A file is closed at its size, its number of messages or its age, whichever comes
 * first. If it cannot be written, each of its messages is delivered again, and is then in another file.
 * @see https://cloud.google.com/pubsub/docs/cloudstorage
 */
export class FileDelivery {
  private readonly unsubscribe: () => void;
  private open?: OpenFile;
  private stopped = false;

  constructor(
    private readonly subscription: Subscription,
    private readonly options: {
      readonly files: FileSettings;
      readonly write: ObjectWriter;
      readonly witness: Pick<Witness, 'delivered' | 'answered'>;
      readonly chaos: Chaos;
      readonly pace: Pace;
    },
  ) {
    this.unsubscribe = subscription.onChange(() => this.pump());
    this.pump();
  }

  /** Write no more files. What is in the open one stays in the subscription. */
  stop() {
    this.stopped = true;
    clearTimeout(this.open?.timer);
    this.unsubscribe();
  }

  private pump() {
    if (this.stopped) return;
    const { maxBytes, maxMessages } = this.options.files;
    for (const delivery of this.subscription.take(Number.POSITIVE_INFINITY)) {
      this.open ??= this.openFile();
      const file = this.open;
      file.deliveries.push(delivery);
      file.bytes += delivery.message.data.length;
      if (file.bytes >= maxBytes || file.deliveries.length >= maxMessages) this.close();
    }
  }

  private openFile(): OpenFile {
    const { files, pace } = this.options;
    const timer = setTimeout(() => this.close(), pace.scaled(files.maxDuration));
    return { opened: new Date(), deliveries: [], bytes: 0, timer };
  }

  private close() {
    const file = this.open;
    if (!file) return;
    clearTimeout(file.timer);
    this.open = undefined;
    void this.write(file);
  }

  private async write({ opened, deliveries }: OpenFile) {
    const { files, write, witness, chaos } = this.options;
    const { name } = this.subscription.settings;
    const positions = deliveries.map(({ message }) => message.messageId);
    const attempt = Math.max(...deliveries.map((delivery) => delivery.attempt));
    witness.delivered({ positions, attempt, from: name.split('/').at(-1)! });
    const content = contentOf(
      files,
      name,
      deliveries.map(({ message }) => message),
    );
    const failed = await write(fileName(files, opened), content, files.email);
    if (this.stopped) return;
    const why = failed ?? (chaos.answer() === 'lost' ? 'the answer was lost' : undefined);
    if (why === undefined) {
      for (const { ackId } of deliveries) this.subscription.acknowledge(ackId);
      return witness.answered({ positions, outcome: 'settled' });
    }
    const again: string[] = [];
    const givenUp: string[] = [];
    for (const { message, ackId } of deliveries) {
      (this.subscription.refuse(ackId, failed) === 'again' ? again : givenUp).push(message.messageId);
    }
    if (again.length > 0) witness.answered({ positions: again, outcome: 'again', why });
    if (givenUp.length > 0) witness.answered({ positions: givenUp, outcome: 'given up', why });
  }
}
