import { readerOf } from './blueprints';
import { corpus, cycled, readEvents, take } from './corpus';
import { recipeOf } from './faults';
import { NOT_RUN, type Order } from './order';
import { Pace } from './pace';
import { NotRunHere } from './platform';
import { run, tellCoverage } from './run';
import type { Message } from './story';

/** The process that runs one cloud, without the environment variables of the user. It reports each step over its IPC channel. */
async function obey(order: Order, stopped: AbortSignal) {
  const { cloud, synthesized, data, events, count, rate, fault, seed, pace, keep } = order;
  const tell = (message: Message) => process.send?.(message);
  try {
    const blueprint = await readerOf(cloud)(synthesized);
    if (order.coverage) {
      tellCoverage(blueprint, tell);
      return 0;
    }
    const lines = events && readEvents(events);
    const samples = lines ? (count === undefined ? lines : cycled(lines)) : corpus(recipeOf(fault));
    const balance = await run({
      blueprint,
      folder: data,
      samples: count === undefined ? samples : take(samples, count),
      rate,
      fault,
      seed,
      pace: new Pace(pace),
      stopped,
      keep,
      tell,
    });
    return balance.faults.length === 0 && balance.hint === undefined ? 0 : 1;
  } catch (error) {
    if (error instanceof NotRunHere) {
      tell({ kind: 'not run', reason: error.message });
      return NOT_RUN;
    }
    tell({
      kind: 'failed',
      reason: error instanceof Error && !process.env.DEBUG ? error.message : String((error as Error).stack ?? error),
    });
    return 1;
  }
}

const stop = new AbortController();
process.on('SIGINT', () => stop.abort());
process.on('SIGTERM', () => stop.abort());
// If the parent process is gone, end this process too.
process.on('disconnect', () => process.exit(1));
process.once('message', (order: Order) => {
  process.on('message', () => stop.abort());
  void obey(order, stop.signal).then((code) => {
    process.exitCode = code;
    // Send all messages before the process ends.
    process.send?.({ kind: 'done' }, () => process.exit(code));
  });
});
