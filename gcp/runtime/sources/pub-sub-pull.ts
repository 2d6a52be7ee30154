import { setImmediate as otherWork, setTimeout as pause } from 'node:timers/promises';
import { inOneLine } from '../../../shared/runtime/verdict';
import { log, positionOf, type SettleProps, settling } from '../pub-sub/settle';
import { combined } from './pub-sub-pull/combined';
import { lines } from './pub-sub-pull/lines';
import type { PulledSubscription, Received } from './pub-sub-pull/subscription';

/** What the source calls, and how much it does at a time. */
export interface PubSubPullSourceProps<Stored> extends SettleProps<Stored> {
  readonly subscription: PulledSubscription;
  /**
   * How long things take.
   * @default - see {@link TIMES}
   */
  readonly times?: Partial<typeof TIMES>;
}

/** In milliseconds. */
export const TIMES = {
  /** How long the transform of one event may take. */
  transform: 6000,
  /** How often the deadline of open messages is extended. */
  extension: 20_000,
  /** The longest pause between two pulls that fail. */
  pause: 10_000,
  /** How long pulls may fail, before the process ends. */
  patience: 120_000,
  /** How long open messages may make no progress, before the process ends. */
  hang: 300_000,
  /** How long open messages have to finish when the instance is stopped. Cloud Run ends the process after 10 seconds. */
  drain: 5000,
};

/** The deadline of an open message after each extension. */
const DEADLINE_SECONDS = 60;
/** One message among others that make progress may take so many times as long as {@link TIMES.hang}: it may wait for its trial. */
const SLOW_OPEN = 6;
/** How often an acknowledgement is sent. */
const ACK_TRIES = 3;

/** A message that is not at its end yet. */
interface Open {
  readonly since: number;
  ended?: Promise<void>;
}

/**
 * Pub/Sub pull: the event of each message becomes one lot. What becomes of it is the same as when it is pushed: see {@link settling}.
 *
 * A message is acknowledged after its rows are in the store, or after it is in the dead letter. While it is open, its deadline is
 * extended. A message that must come again is given back, and Pub/Sub delivers it after the pause of the subscription. An open message
 * of a process that is killed comes again after its deadline. Each of these deliveries counts as an attempt. If the subscription is
 * ordered, the messages of one key are processed one after the other: Pub/Sub hands out several of them at once.
 *
 * No probe looks after such a process, so it ends itself, and Cloud Run starts it again.
 * @returns a function that works until it is told to stop
 * @throws Error when pulls fail for too long, such as without permission, or when open messages hang
 */
export function pubSubPullSource<Stored>(props: PubSubPullSourceProps<Stored>): (stop: AbortSignal) => Promise<void> {
  const { subscription } = props;
  const { concurrency, maxAttempts, ordered } = subscription;
  const times = { ...TIMES, ...props.times };
  const settle = settling(props);
  const place = lines();
  const acknowledge = combined((ids) => repeated(() => subscription.acknowledge(ids), times.pause));
  const giveBack = combined((ids) => subscription.keep(ids, 0));

  return async (stop) => {
    const open = new Map<string, Open>();
    let progressed = performance.now();
    let freed = () => {};

    const end = async (received: Received, turn: ReturnType<typeof place>) => {
      const { ackId } = received;
      const delivered = { ...received, subscription: subscription.id };
      const isDone = await turn(() => settle(delivered, { milliseconds: times.transform, maxAttempts }));
      try {
        await (isDone ? acknowledge(ackId) : giveBack(ackId));
      } catch (error) {
        const fate = isDone ? 'An event is at its end, but not acknowledged.' : 'An event was not given back.';
        log('WARNING', `${fate} Pub/Sub delivers it again.`, { ...positionOf(delivered), error: inOneLine(error) });
      }
      open.delete(ackId);
      progressed = performance.now();
      freed();
    };

    const begin = async (received: readonly Received[]) => {
      const now = performance.now();
      if (open.size === 0) progressed = now;
      for (const { ackId } of received) open.set(ackId, { since: now });
      // Before the first of them can fail, which those behind it must know.
      const turns = received.map(({ message }) => place(ordered ? message.orderingKey : undefined));
      for (const [index, one] of received.entries()) {
        if (stop.aborted) return;
        open.get(one.ackId)!.ended = end(one, turns[index]!);
        // Each transform blocks the process. Between two of them, deadlines are extended.
        await otherWork();
      }
    };

    /** Wait until several messages can be pulled at once: otherwise there would be a request for each. */
    const room = async () => {
      while (!stop.aborted && concurrency - open.size < concurrency / 4) await new Promise<void>((resolve) => (freed = resolve));
      return concurrency - open.size;
    };

    const pulling = async () => {
      for (let failures = 0, failing = 0; !stop.aborted; ) {
        const free = await room();
        if (stop.aborted) return;
        try {
          const received = await subscription.pull(free);
          failures = 0;
          await begin(received);
        } catch (error) {
          const now = performance.now();
          if (failures++ === 0) failing = now;
          if (now - failing >= times.patience) throw new Error(`Nothing could be pulled for too long: ${inOneLine(error)}`);
          log('WARNING', 'A pull failed. It is tried again.', { subscription: subscription.id, error: inOneLine(error) });
          await pause(Math.min(times.pause, (times.pause / 10) * 2 ** (failures - 1)), undefined, { signal: stop }).catch(() => {});
        }
      }
    };

    const extend = () => {
      if (open.size === 0) return;
      subscription.keep([...open.keys()], DEADLINE_SECONDS).catch((error: unknown) => {
        log('WARNING', 'Deadlines were not extended. Pub/Sub may deliver open events again.', { error: inOneLine(error) });
      });
    };
    const isHanging = (now: number) =>
      open.size > 0 && (now - progressed >= times.hang || [...open.values()].some(({ since }) => now - since >= SLOW_OPEN * times.hang));

    const extending = setInterval(extend, times.extension);
    let watching: NodeJS.Timeout | undefined;
    const hanging = new Promise<never>((_, reject) => {
      const look = () => isHanging(performance.now()) && reject(new Error(`${open.size} open events make no progress.`));
      watching = setInterval(look, times.hang / 10);
    });
    const stopped = new Promise<void>((resolve) => {
      const onStop = () => {
        freed();
        resolve();
      };
      if (stop.aborted) onStop();
      else stop.addEventListener('abort', onStop, { once: true });
    });

    try {
      // A pull that waits for messages ends with the process.
      await Promise.race([pulling(), hanging, stopped]);
      await Promise.race([Promise.all([...open.values()].map(({ ended }) => ended)), pause(times.drain)]);
      await Promise.allSettled([...open.keys()].map(giveBack));
    } finally {
      clearInterval(extending);
      clearInterval(watching);
    }
  };
}

/** Try a request again a few times, with a pause. */
async function repeated(request: () => Promise<void>, longestPause: number): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      return await request();
    } catch (error) {
      if (tries === ACK_TRIES) throw error;
      await pause((longestPause / 10) * tries);
    }
  }
}
