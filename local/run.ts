import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Balance, balanceOf } from './balance';
import type { Sample } from './corpus';
import { chaosOf, type Fault, newSeed } from './faults';
import { hintOf } from './hint';
import { Ledger } from './ledger';
import { type Made, madeByTransform } from './made';
import { Pace } from './pace';
import { type Blueprint, type Platform, requireCovered, requireParts } from './platform';
import { type Message, Story } from './story';
import { many } from './text';

/** What is run, and how. */
export interface Run {
  /** What was read from the template. */
  readonly blueprint: Blueprint;
  /** An empty folder. */
  readonly folder: string;
  /** What to send. Without an end, it is sent until `stopped`. */
  readonly samples: Iterable<Sample>;
  /** Events a second, at most. As many as go through where it is left out. */
  readonly rate?: number;
  readonly fault?: Fault;
  /**
   * What decides which writes a fault strikes.
   * @default - another one in each run
   */
  readonly seed?: number;
  readonly pace?: Pace;
  /** Ends the sending, as a person does with Ctrl-C. What was sent is still settled. */
  readonly stopped?: AbortSignal;
  /**
   * So many seconds without anything happening is a run that hangs: more than any pause or time limit a platform has here.
   * @default 90
   */
  readonly patienceSeconds?: number;
  /** After the balance, stay up until `stopped`. */
  readonly keep?: boolean;
  /**
   * What is to be found of an event.
   * @default - what the transform of the handlers makes of it
   */
  readonly make?: (body: Buffer) => Made;
  tell(message: Message): void;
}

/** Say what of a template runs here. @throws NotRunHere, RefusedError when it is not to be run */
export function tellCoverage({ coverage, overrides }: Blueprint, tell: Run['tell']) {
  tell({ kind: 'coverage', coverage, overrides });
  requireParts(coverage);
  requireCovered(coverage);
}

/** Requests that are under way at a time. */
const SENDERS = 24;

/**
 * Start what the template describes, send events, wait until each is settled, and balance the books.
 * @throws NotRunHere when nothing here stands in for a service of the template
 * @throws RefusedError when the template needs what this runner does not offer
 * @throws Error when the front door is broken, or events are not settled
 */
export async function run(options: Run): Promise<Balance> {
  const { blueprint, folder, tell, fault, keep, pace = new Pace(), stopped = new AbortController().signal } = options;
  requireParts(blueprint.coverage);
  tellCoverage(blueprint, tell);

  const ledger = new Ledger(options.make ?? madeByTransform);
  let last = Date.now();
  const story = new Story(ledger, (message) => {
    if (message.kind !== 'counts') last = Date.now();
    tell(message);
  });
  const { seed = newSeed() } = options;
  const chaos = chaosOf(fault, { pace, seed, tell: (incident) => story.incident(incident) });
  const platform = await blueprint.start({ folder, witness: story, chaos, pace });
  if (platform.asRead) ledger.asRead = platform.asRead;
  const ticker = setInterval(() => story.tellCounts(platform.unsettled()), 250);
  try {
    const { places, replays } = platform;
    tell({ kind: 'up', places, replays, pace: pace.factor, seed });
    const start = Date.now();
    const balanced = async (): Promise<Balance> => {
      last = Date.now();
      await settle(platform, story, options.patienceSeconds ?? 90, () => Date.now() - last);
      const seconds = (Date.now() - start) / 1000;
      const books = await balanceOf(ledger, { rows: platform.rows(), unique: platform.uniqueRows?.(), letters: await platform.letters() });
      // One came in by hand while the store was read.
      if (ledger.entries.length > books.sent) return balanced();
      const balance = { ...books, hint: fault ? undefined : hintOf(books) };
      story.tellCounts(platform.unsettled());
      tell({ kind: 'end', balance, places, seconds, replays: keep && !stopped.aborted ? replays : [] });
      return balance;
    };
    await send(platform, ledger, story, options, stopped);
    const balance = await balanced();
    if (!keep || stopped.aborted) return balance;
    await new Promise((resolve) => stopped.addEventListener('abort', resolve, { once: true }));
    return ledger.entries.length > balance.sent ? await balanced() : balance;
  } finally {
    clearInterval(ticker);
    await platform.stop();
  }
}

async function send(platform: Platform, ledger: Ledger, story: Story, { samples, rate }: Run, stopped: AbortSignal) {
  // Each sender waits for it.
  setMaxListeners(SENDERS + 10, stopped);
  const queue = samples[Symbol.iterator]();
  const start = Date.now();
  let sent = 0;
  const sender = async () => {
    while (!stopped.aborted) {
      story.requireWhole();
      const { value: sample, done } = queue.next();
      if (done) return;
      sent += 1;
      if (rate) await sleep(Math.max(0, start + (sent / rate) * 1000 - Date.now()), undefined, { signal: stopped }).catch(() => {});
      const entry = ledger.open(sample);
      story.received(entry, await platform.send(sample.body));
    }
  };
  await Promise.all(Array.from({ length: SENDERS }, sender));
}

async function settle(platform: Platform, story: Story, patience: number, quiet: () => number) {
  while (platform.unsettled() + story.unanswered > 0) {
    story.requireWhole();
    if (quiet() > patience * 1000) {
      throw new Error(`${many(platform.unsettled(), 'event is', 'events are')} not settled, and for ${patience} s nothing has happened.`);
    }
    await sleep(10);
  }
}
