import type prices from '../prices.json';
import type { Asked, Stack } from '../stack';
import { amount } from '../stack';

/** A price, by its key in `prices.json`. */
export type PriceKey = keyof typeof prices.prices;

/** One line of what a resource costs. */
export interface Cost {
  /** What is billed, and what is assumed: `logs, 1 kB a call`. */
  readonly what: string;
  readonly price: PriceKey;
  /** How many of the units of the price a month takes. It never falls when there are more events, or larger ones. */
  readonly units: number;
  /** The setting that lowers it, in one sentence. */
  readonly lower: string;
}

/** What goes through a stack. Every event is taken, takes every way once, and none fails. Rates are a second. */
export interface Load {
  readonly stack: Stack;
  /** Events. At 0 a stack idles. */
  readonly events: number;
  /** Bytes of one event. */
  readonly size: number;
  /** How many read from it. Each of them gets every event. */
  readers(resource: Asked): number;
  /** How often code is called with what is brought to it. */
  calls(code: Asked): number;
  /** How often a store is written to, and how many bytes. A dead letter is not. */
  writes(store: Asked): { readonly count: number; readonly bytes: number };
}

/** What somebody who moves events makes of them. Rates are a second. */
export interface Brought {
  readonly calls: number;
  /** What a store gets at once: a batch, or an event alone. */
  readonly writes: number;
  /** How many times smaller an event lies in a store than it came, where objects are compressed. */
  readonly packed: number;
}

export const HOURS = 730;
export const MONTH = HOURS * 3600;
export const GB = 1e9;
export const GIB = 1024 ** 3;
export const TIB = 1024 ** 4;
/** Compressed by gzip: many events together, and one alone. */
export const PACKED = { together: 8, alone: 2 };

/** A setting as a number, or what holds where it is not set. */
export function amountOr(resource: Asked, setting: string, otherwise: number): number {
  const value = amount(resource, setting);
  return Number.isNaN(value) ? otherwise : value;
}

/** Batches a second: of each part that is read alone, one whenever it is full or its window is over. */
export function batches(events: number, { records, window, parts }: { records: number; window: number; parts: number }): number {
  return Math.max(events / records, Math.min(events, parts / window));
}

/** Bytes, each request of them counted in whole units. */
export function rounded(bytes: number, unit: number): number {
  return Math.ceil(bytes / unit) * unit;
}
