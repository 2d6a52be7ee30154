import { CALM } from '../../chaos';
import { Pace } from '../../pace';
import type { Surroundings } from '../../platform';

/** The first of several by their names, where there is but one, or any will do. */
export function first(named: Record<string, any>): any {
  return Object.values(named)[0];
}

/** The only one that has a property. */
export function having(named: Record<string, any>, property: string): any {
  return Object.values(named).find((one) => one[property] !== undefined);
}

/** A place where nobody watches and nothing goes wrong. */
export function idle(folder: string): Surroundings {
  const witness = {
    arrived: () => () => {},
    made: () => {},
    delivered: () => {},
    answered: () => {},
    stored: () => {},
    deadLettered: () => {},
    incident: () => {},
    broken: () => {},
    log: () => {},
  };
  return { folder, witness, chaos: CALM, pace: new Pace(600) };
}
