import type { Fault } from './faults';
import type { Cloud } from './state';

const ONCE = 1050;
const RATE = 20;
/** A quarter of a minute to watch, before the next cloud has its turn. */
const TURN = 300;

/** The exit code of a process that has nothing to run with. */
export const NOT_RUN = 3;

/** What the person asks for. */
export interface Command {
  /** The clouds that have the blueprint, of those that were named. */
  readonly clouds: readonly Cloud[];
  readonly blueprint: string;
  readonly once: boolean;
  readonly count?: number;
  readonly events?: string;
  readonly fault?: Fault;
  readonly seed?: number;
  readonly keep: boolean;
  readonly pace: number;
  readonly json: boolean;
  /** Show what of the template runs here, and run nothing. */
  readonly coverage: boolean;
}

/** What the command line asks of one cloud. It comes as the first message. */
export interface Order {
  readonly cloud: Cloud;
  /** What was synthesized. */
  readonly synthesized: string;
  readonly data: string;
  /** A file with an event in each line, instead of the corpus. */
  readonly events?: string;
  readonly count?: number;
  readonly rate?: number;
  readonly fault?: Fault;
  readonly seed?: number;
  readonly pace: number;
  readonly keep: boolean;
  readonly coverage: boolean;
}

/** What a command ends with, by what its processes ended with. What was not run counts only where nothing was. */
export function exitCodeOf(codes: readonly number[]): number {
  const ran = codes.filter((code) => code !== NOT_RUN);
  return ran.length > 0 ? Math.max(...ran) : 2;
}

/** Without `--once` events drip, so that a person can follow them. */
export function orderOf(
  { clouds, once, count, events, fault, seed, keep, pace, coverage }: Command,
  cloud: Cloud,
  synthesized: string,
  data: string,
): Order {
  const rate = once || fault ? undefined : RATE;
  const made = rate === undefined ? ONCE : clouds.length > 1 ? TURN : undefined;
  return { cloud, synthesized, data, events, fault, seed, keep, pace, coverage, rate, count: count ?? (events ? undefined : made) };
}
