import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Balance, balanceOf, balanceOfEach } from './balance';
import type { Sample } from './corpus';
import { chaosOf, type Fault, newSeed } from './faults';
import { hintOf } from './hint';
import { Ledger } from './ledger';
import { type Made, madeByTransform } from './made';
import { Pace } from './pace';
import { type Blueprint, type Platform, requireCovered, requireParts } from './platform';
import { type Message, Story } from './story';
import { many } from './text';

/** The options of a run. */
export interface Run {
  /** The platform that was read from the template. */
  readonly blueprint: Blueprint;
  /** An empty folder. */
  readonly folder: string;
  /** The events to send. An endless sequence is sent until `stopped`. */
  readonly samples: Iterable<Sample>;
  /** The maximum number of events a second. Without it, as many as possible. */
  readonly rate?: number;
  readonly fault?: Fault;
  /**
   * Determines which writes fail.
   * @default - a random seed
   */
  readonly seed?: number;
  readonly pace?: Pace;
  /** Stops the sending, as Ctrl-C does. The events that were sent are still processed. */
  readonly stopped?: AbortSignal;
  /**
   * After this number of seconds in which nothing happens, the run fails. It is longer than every pause and time limit of a platform.
   * @default 90
   */
  readonly patienceSeconds?: number;
  /** After the balance, keep running until `stopped`. */
  readonly keep?: boolean;
  /**
   * Calculates the expected rows of an event.
   * @default - the transform of the handlers
   */
  readonly make?: (body: Buffer) => Made;
  tell(message: Message): void;
}

/** Report which properties of a template have an effect here. @throws NotRunHere, RefusedError if the template cannot be run */
export function tellCoverage({ coverage, overrides }: Blueprint, tell: Run['tell']) {
  tell({ kind: 'coverage', coverage, overrides });
  requireParts(coverage);
  requireCovered(coverage);
}

/** The number of concurrent requests. */
const SENDERS = 24;

/**
 * Start the platform of a template, send events, wait until each is in the store or in the dead letter, and check the balance.
 * @throws NotRunHere if a service of the template has no emulator here
 * @throws RefusedError if the template needs something that the local run does not support
 * @throws Error if events cannot be sent, or are not processed in time
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
  if (platform.make && !options.make) ledger.make = platform.make;
  for (const branch of platform.branches ?? []) if (branch.make ?? branch.asRead) ledger.addReader(branch);
  const ticker = setInterval(() => story.tellCounts(platform.unsettled()), 250);
  try {
    const { places, replays } = platform;
    tell({ kind: 'up', places, replays, pace: pace.factor, seed });
    const start = Date.now();
    const balanced = async (): Promise<Balance> => {
      last = Date.now();
      await settle(platform, story, options.patienceSeconds ?? 90, () => Date.now() - last);
      const seconds = (Date.now() - start) / 1000;
      const found = { rows: platform.rows(), unique: platform.uniqueRows?.(), letters: await platform.letters() };
      const books = await (platform.branches ? balanceOfEach(ledger, found, platform.branches) : balanceOf(ledger, found));
      // An event was sent by hand while the store was read.
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
      throw new Error(
        `${many(platform.unsettled(), 'event is', 'events are')} not yet in the store or in the dead letter, and nothing happened for ${patience} s.`,
      );
    }
    await sleep(10);
  }
}
