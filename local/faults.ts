import type { Chaos, WriteFate } from './chaos';
import { ORDINARY, type Recipe, UNSTORABLE } from './corpus';
import type { Pace } from './pace';

/** What can be made to go wrong, and what that looks like. */
export const FAULTS = {
  'store-down': 'the store refuses every write for two minutes of the cloud',
  poison: 'some events can never be processed, and some the store refuses at every try',
  duplicate: 'senders send events twice, and the buffer brings batches again that were done',
  'slow-handler': 'the handler stops in the middle of a batch, until its time limit ends it',
  restart: 'the process of the handler dies in the middle of a batch, before or after it wrote',
} as const;
export type Fault = keyof typeof FAULTS;

/** The writes that meet a fault, counted from 1: early enough for a short run, and never one after the other. */
const STRUCK: readonly number[] = [2, 4, 7, 11, 16];
const DOWN_MILLISECONDS = 120_000;

/** The events that suit a fault. */
export function recipeOf(fault?: Fault): Recipe {
  if (fault === 'poison') return { ...ORDINARY, malformedIn: 4, unstorableIn: 150 };
  if (fault === 'duplicate') return { ...ORDINARY, twiceIn: 3 };
  return ORDINARY;
}

/**
 * What goes wrong while a fault is on. Even without one, now and then the buffer does not hear that a batch was done, and
 * brings it again: every platform may do that, so every handler must bear it.
 */
export function chaosOf(fault: Fault | undefined, pace: Pace, tell: (incident: string) => void): Chaos {
  let writes = 0;
  let answers = 0;
  let downUntil: number | undefined;
  const lostIn = fault === 'duplicate' ? 3 : 25;
  // A batch that was done, comes again with other neighbours and is then refused for good ends in both places, on every cloud.
  const isMixed = fault !== 'poison';

  const fateOf = (rows: readonly string[]): WriteFate => {
    writes += 1;
    switch (fault) {
      case 'store-down':
        downUntil ??= Date.now() + pace.scaled(DOWN_MILLISECONDS);
        return Date.now() < downUntil ? 'refuse' : 'take';
      case 'poison':
        return rows.some((row) => row.includes(UNSTORABLE)) ? 'refuse' : 'take';
      case 'slow-handler':
        return STRUCK.includes(writes) ? 'stall' : 'take';
      case 'restart':
        if (!STRUCK.includes(writes)) return 'take';
        return writes % 2 === 0 ? 'kill before' : 'kill after';
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
    answer: () => {
      answers += 1;
      if (!isMixed || answers % lostIn !== 0) return 'heard';
      tell('the buffer does not hear that a batch is done, and brings it again');
      return 'lost';
    },
  };
}

const SAID: Readonly<Record<Exclude<WriteFate, 'take'>, string>> = {
  refuse: 'the store refuses a write',
  'kill before': 'the process is killed before a write',
  'kill after': 'the process is killed after a write, before it hears so',
  stall: 'the handler stops in the middle of a batch',
};
