import type { Fault } from './faults';
import type { Cloud } from './state';

const ONCE = 1050;
const RATE = 20;
/** 15 seconds for each cloud. */
const TURN = 300;

/** The exit code of a process whose blueprint cannot run here. */
export const NOT_RUN = 3;

/** The options of the user. */
export interface Command {
  /** The named clouds that have the blueprint. */
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
  /** Show which properties of the template have an effect here, and run nothing. */
  readonly coverage: boolean;
}

/** The options for one cloud. The first message to the process. */
export interface Order {
  readonly cloud: Cloud;
  /** The folder of the synthesized stack. */
  readonly synthesized: string;
  readonly data: string;
  /** A file with one event in each line, instead of the sample events. */
  readonly events?: string;
  readonly count?: number;
  readonly rate?: number;
  readonly fault?: Fault;
  readonly seed?: number;
  readonly pace: number;
  readonly keep: boolean;
  readonly coverage: boolean;
}

/** The exit code of the command, from the exit codes of its processes. The code for "not run" counts only if nothing was run. */
export function exitCodeOf(codes: readonly number[]): number {
  const ran = codes.filter((code) => code !== NOT_RUN);
  return ran.length > 0 ? Math.max(...ran) : 2;
}

/** Without `--once` events are sent slowly, so that a person can follow them. */
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
