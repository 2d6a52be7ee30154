import type { Message } from '@aws-sdk/client-sqs';
import { lettersOf, readFailure, unreadable } from './aws-bucket';
import { arnParts, type Streams } from './aws-stream';
import { bytesOf, type DeadLetter, type Letter, type Parcel, parsed, readWritten, type Written } from './letter';

/** The visibility timeout of messages while they are read. */
const LEASE_SECONDS = 900;
/** A receive may return nothing although the queue has messages. The queue counts as empty after several empty receives in a row. */
const EMPTY_RECEIVES = 3;
const WAIT_SECONDS = 1;

/**
 * A dead-letter queue. It has three kinds of messages: dead letters of a handler, in one message or several parts; failure records
 * of Lambda with the position of records; and messages that SQS moved from another queue.
 */
export function deadLetterQueue({ url, to }: { readonly url: string; readonly to?: string }, streams: Streams): DeadLetter {
  const sdk: typeof import('@aws-sdk/client-sqs') = require('@aws-sdk/client-sqs');
  const client = new sdk.SQSClient();
  const held = new Map<string, string>();
  /** The parts received so far of each dead letter, by the position of its record. */
  const parts = new Map<string, Map<number, readonly [Written, Message]>>();

  const gone = new Set<string>();

  /** Only the latest receipt handle deletes a message, because a message is received again after its visibility timeout. */
  const remove = async (messages: readonly Message[]) => {
    for (const { MessageId = '' } of messages) {
      await client.send(new sdk.DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: held.get(MessageId) }));
      held.delete(MessageId);
      gone.add(MessageId);
    }
  };

  const sendTo = (target: string, data: Buffer) => {
    const { service, account, name } = arnParts(target);
    if (service === 'kinesis') return streams.put(target, { data });
    if (service !== 'sqs') return Promise.reject(new Error(`its source is unknown. Set the target with --to.`));
    // A queue and its dead-letter queue are in the same region, so they have the same host.
    return client.send(new sdk.SendMessageCommand({ QueueUrl: `${new URL(url).origin}/${account}/${name}`, MessageBody: data.toString() }));
  };

  const letter = (id: string, reason: string, message: Message, target: string | undefined, bytes: () => Buffer): Letter => ({
    id,
    reason,
    givenUp: new Date(Number(message.Attributes?.SentTimestamp ?? 0)),
    to: target ?? 'nowhere',
    send: async () => sendTo(target ?? '', bytes()),
  });

  async function parcelOf(message: Message): Promise<Parcel | undefined> {
    const { MessageId = '', Body = '', Attributes = {} } = message;
    const source: string | undefined = Attributes.DeadLetterQueueSourceArn;
    const written = readWritten(Body);
    if (written) return fromHandler(written, message);
    if (source === undefined && typeof parsed(Body) === 'object') {
      const givenUp = new Date(Number(Attributes.SentTimestamp ?? 0));
      const letters = await Promise.resolve()
        .then(() => lettersOf(readFailure(Body), to, streams))
        .catch((error: unknown) => [unreadable(MessageId, givenUp, error)]);
      return { letters, remove: () => remove([message]) };
    }
    const reason = `received ${Attributes.ApproximateReceiveCount} times, and never processed`;
    return {
      letters: [letter(MessageId, reason.replace(/\d+/, 'too many'), message, to ?? source, () => Buffer.from(Body))],
      remove: () => remove([message]),
    };
  }

  function fromHandler(written: Written, message: Message): Parcel | undefined {
    const { position, reason, part = 1, parts: count = 1 } = written;
    const target = to ?? position.stream ?? position.queue;
    const place = Object.values(position).join('/');
    const come = parts.get(place) ?? new Map<number, readonly [Written, Message]>();
    parts.set(place, come.set(part, [written, message]));
    if (come.size < count) return undefined;
    parts.delete(place);
    const all = [...come].sort(([a], [b]) => a - b).map(([, one]) => one);
    const whole = { encoding: written.encoding, payload: all.map(([{ payload }]) => payload).join('') };
    return {
      letters: [letter(place, reason, message, target, () => bytesOf(whole))],
      remove: () => remove(all.map(([, one]) => one)),
    };
  }

  return {
    name: url,
    async *parcels() {
      const seen = new Set<string>();
      for (let empty = 0; empty < EMPTY_RECEIVES; ) {
        const { Messages = [] } = await client.send(
          new sdk.ReceiveMessageCommand({
            QueueUrl: url,
            MaxNumberOfMessages: 10,
            VisibilityTimeout: LEASE_SECONDS,
            WaitTimeSeconds: WAIT_SECONDS,
            MessageSystemAttributeNames: ['All'],
          }),
        );
        const fresh = Messages.filter(({ MessageId }) => !seen.has(MessageId!));
        empty = fresh.length > 0 ? 0 : empty + 1;
        for (const { MessageId, ReceiptHandle } of Messages) {
          seen.add(MessageId!);
          held.set(MessageId!, ReceiptHandle!);
        }
        await remove(Messages.filter(({ MessageId }) => gone.has(MessageId!)));
        for (const message of fresh) {
          const parcel = await parcelOf(message);
          if (parcel) yield parcel;
        }
      }
      for (const come of parts.values()) {
        const [[, message]] = [...come.values()] as [readonly [Written, Message]];
        const error = new Error('parts of it are missing');
        yield { letters: [unreadable(message.MessageId!, new Date(0), error)], remove: async () => {} };
      }
    },
    async release() {
      for (const ReceiptHandle of held.values()) {
        const request = new sdk.ChangeMessageVisibilityCommand({ QueueUrl: url, ReceiptHandle, VisibilityTimeout: 0 });
        // After its visibility timeout, a message is visible again anyway.
        await client.send(request).catch(() => {});
      }
      client.destroy();
    },
  };
}
