import type { Chaos, WriteFate } from './chaos';
import { ORDINARY, type Recipe, UNSTORABLE } from './corpus';
import type { Pace } from './pace';
import { random } from './random';

/** What can be made to go wrong, and what that looks like. */
export const FAULTS = {
  'store-down': 'the store refuses every write for two minutes of the cloud, with all that lies in its account',
  burst: 'the store refuses every write for an hour of the cloud, longer than retries may last',
  poison: 'some events can never be processed, and some the store refuses at every try',
  duplicate: 'senders send events twice, and the buffer brings batches again that were done',
  resplit: 'the buffer brings batches again that were done, with other boundaries',
  'slow-handler': 'the handler stops in the middle of a batch, until its time limit ends it',
  restart: 'the process of the handler dies in the middle of a batch, before or after it wrote',
} as const;
export type Fault = keyof typeof FAULTS;

/** How long the store refuses, in milliseconds of the cloud. */
const DOWN: Partial<Record<Fault, number>> = { 'store-down': 120_000, burst: 3_600_000 };

/** The events that suit a fault. */
export function recipeOf(fault?: Fault): Recipe {
  if (fault === 'poison') return { ...ORDINARY, malformedIn: 4, unstorableIn: 150 };
  if (fault === 'duplicate') return { ...ORDINARY, twiceIn: 3 };
  return ORDINARY;
}

/** The seed of a run that is told none. */
export function newSeed(): number {
  return 1 + Math.floor(Math.random() * 2 ** 31);
}

/**
 * What goes wrong while a fault is on. Even without one, now and then the buffer does not hear that a batch was done, and
 * brings it again: every platform may do that, so every handler must bear it.
 *
 * Chance decides which writes are struck, and the same seed strikes the same ones. What is written when depends on the
 * machine, so that two runs of one seed are alike, and not the same.
 */
export function chaosOf(fault: Fault | undefined, { pace, seed, tell }: { pace: Pace; seed: number; tell(incident: string): void }): Chaos {
  let downUntil: number | undefined;
  const lostIn = fault === 'duplicate' || fault === 'resplit' ? 3 : 25;
  // A batch that was done, comes again and is then given up ends in both places, on every cloud.
  const isMixed = fault !== 'poison' && fault !== 'burst';
  const [ofStrikes, ofAnswers, ofCuts] = [1, 2, 3].map((stream) => random(Math.imul(seed * 4 + stream, 0x9e3779b1) >>> 0)) as [
    Chance,
    Chance,
    Chance,
  ];
  const struck = strikes(ofStrikes);
  const down = fault && DOWN[fault];

  const fateOf = (rows: readonly string[]): WriteFate => {
    if (down !== undefined) {
      downUntil ??= Date.now() + pace.scaled(down);
      return Date.now() < downUntil ? 'refuse' : 'take';
    }
    switch (fault) {
      case 'poison':
        return rows.some((row) => row.includes(UNSTORABLE)) ? 'refuse' : 'take';
      case 'slow-handler':
        return struck() ? 'stall' : 'take';
      case 'restart':
        if (!struck()) return 'take';
        return ofStrikes() < 0.5 ? 'kill before' : 'kill after';
      default:
        return 'take';
    }
  };

  return {
    write: (rows) => {
      const fate = fateOf(rows);
      if (fate !== 'take') tell(SAID[fate]);
      return fate;
    },
    letter: () => {
      if (downUntil === undefined || Date.now() >= downUntil) return 'take';
      tell('the account of the store refuses a dead letter');
      return 'refuse';
    },
    answer: () => {
      if (!isMixed || ofAnswers() * lostIn >= 1) return 'heard';
      tell('the buffer does not hear that a batch is done, and brings it again');
      return 'lost';
    },
    cut: (records) => (fault === 'resplit' && records > 1 ? 1 + Math.floor(ofCuts() * (records - 1)) : records),
  };
}

type Chance = () => number;

/**
 * Whether the next write is struck: one of the first three, never one after the other, and less and less often, so that
 * a long run comes to its end.
 */
function strikes(chance: Chance): () => boolean {
  let left = 1 + Math.floor(chance() * 3);
  let struck = 0;
  return () => {
    left -= 1;
    if (left > 0) return false;
    struck += 1;
    left = 2 + Math.floor(chance() * (2 + struck * 2));
    return true;
  };
}

const SAID: Readonly<Record<Exclude<WriteFate, 'take'>, string>> = {
  refuse: 'the store refuses a write',
  'kill before': 'the process is killed before a write',
  'kill after': 'the process is killed after a write, before it hears so',
  stall: 'the handler stops in the middle of a batch',
};
