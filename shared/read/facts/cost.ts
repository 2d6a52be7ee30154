import type prices from '../prices.json';
import type { Asked, Stack } from '../stack';
import { amount } from '../stack';

/** A price, by its key in `prices.json`. */
export type PriceKey = keyof typeof prices.prices;

/** One line of the cost of a resource. */
export interface Cost {
  /** What is billed, and what is assumed: `logs, 1 kB a call`. */
  readonly what: string;
  readonly price: PriceKey;
  /** How many units a month has. It never decreases with more or larger events. */
  readonly units: number;
  /** The setting that lowers it, in one sentence. */
  readonly lower: string;
}

/** The load of a resource. Every event is accepted, takes each path once, and none fails. Rates are per second. */
export interface Load {
  readonly stack: Stack;
  /** Events. At 0 a stack idles. */
  readonly events: number;
  /** Bytes of one event. */
  readonly size: number;
  /** The number of readers. Each gets every event. */
  readers(resource: Asked): number;
  /** How often code is called. */
  calls(code: Asked): number;
  /** How often a store is written to, and how many bytes. Dead letters have no load. */
  writes(store: Asked): { readonly count: number; readonly bytes: number };
}

/** The load that a resource causes by moving events. Rates are per second. */
export interface Brought {
  readonly calls: number;
  /** What a store gets in one write: a batch, or a single event. */
  readonly writes: number;
  /** The compression factor of an event in a store with compressed objects. */
  readonly packed: number;
  /**
   * Whether it writes to the store itself, also if it calls code before.
   * @default false
   */
  readonly writesItself?: boolean;
}

/** It calls no code and writes to no store because of an event. */
export const BRINGS_NOTHING = (): Brought => ({ calls: 0, writes: 0, packed: Number.POSITIVE_INFINITY });

export const HOURS = 730;
export const MONTH = HOURS * 3600;
export const GB = 1e9;
export const GIB = 1024 ** 3;
export const TIB = 1024 ** 4;
/** The compression factors of gzip: many events together, and a single event. */
export const PACKED = { together: 8, alone: 2 };

/** A setting as a number, or its default. */
export function amountOr(resource: Asked, setting: string, otherwise: number): number {
  const value = amount(resource, setting);
  return Number.isNaN(value) ? otherwise : value;
}

/** Batches a second: each shard or partition sends one when it is full or its batch window has ended. */
export function batches(events: number, { records, window, parts }: { records: number; window: number; parts: number }): number {
  return Math.max(events / records, Math.min(events, parts / window));
}

/** Bytes, with each request rounded up to whole units. */
export function rounded(bytes: number, unit: number): number {
  return Math.ceil(bytes / unit) * unit;
}
