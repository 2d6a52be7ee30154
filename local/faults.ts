import type { Chaos, WriteFate } from './chaos';
import { ORDINARY, type Recipe, UNSTORABLE } from './corpus';
import type { Pace } from './pace';
import { random } from './random';

/** The faults that can be injected, with their descriptions. */
export const FAULTS = {
  'store-down': 'the store, and a dead letter in the same account, refuse every write for two minutes of cloud time',
  burst: 'the store refuses every write for an hour of cloud time, longer than all retries take',
  poison: 'some events can never be processed, and the store refuses others at every try',
  duplicate: 'senders send events twice, and the buffer delivers processed batches again',
  resplit: 'the buffer delivers processed batches again, with other boundaries',
  'slow-handler': 'the handler hangs in the middle of a batch until its time limit ends it',
  restart: 'the process of the handler ends in the middle of a batch, before or after a write',
} as const;
export type Fault = keyof typeof FAULTS;

/** How long the store is down, in milliseconds of cloud time. */
const DOWN: Partial<Record<Fault, number>> = { 'store-down': 120_000, burst: 3_600_000 };

/** The mix of events for a fault. */
export function recipeOf(fault?: Fault): Recipe {
  if (fault === 'poison') return { ...ORDINARY, malformedIn: 4, unstorableIn: 150 };
  if (fault === 'duplicate') return { ...ORDINARY, twiceIn: 3 };
  return ORDINARY;
}

/** The seed of a run without `--seed`. */
export function newSeed(): number {
  return 1 + Math.floor(Math.random() * 2 ** 31);
}

/**
 * Injects a fault. Even without a fault, a few acknowledgements of batches are lost, and the buffer delivers these batches again:
 * every cloud may do that, so every handler must handle it.
 *
 * The seed determines which writes fail. The order of writes depends on the machine, so two runs with the same seed are similar but
 * not identical.
 */
export function chaosOf(fault: Fault | undefined, { pace, seed, tell }: { pace: Pace; seed: number; tell(incident: string): void }): Chaos {
  let downUntil: number | undefined;
  const lostIn = fault === 'duplicate' || fault === 'resplit' ? 3 : 25;
  // Otherwise a processed batch that is delivered again and then fails would be in the store and in the dead letter.
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
      tell('the acknowledgement of a batch is lost, and the buffer delivers it again');
      return 'lost';
    },
    cut: (records) => (fault === 'resplit' && records > 1 ? 1 + Math.floor(ofCuts() * (records - 1)) : records),
  };
}

type Chance = () => number;

/**
 * Whether the next write fails: one of the first three, never two in a row, and less and less often, so that a long run ends.
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
  'kill after': 'the process is killed after a write, before it gets the response',
  stall: 'the handler hangs in the middle of a batch',
};
