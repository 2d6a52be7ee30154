import { type CostLine, costsOf, type Rate, totalOf } from '../shared/read/cost';
import { factsOf } from '../shared/read/facts/find';
import { dated, regions } from '../shared/read/prices.json';
import type { Stack } from '../shared/read/stack';
import type { Cloud } from '../shared/synth/blueprints';

/** What a stack costs at a rate of events, in USD. */
export interface Costs extends Rate {
  readonly stack: string;
  readonly region: string;
  /** The date of the prices. */
  readonly dated: string;
  readonly total: Pick<CostLine, 'idle' | 'perMillion' | 'month'>;
  /** The most expensive first. */
  readonly lines: readonly CostLine[];
}

/** The assumptions and limits of the estimate, printed with it. */
export const CAVEAT = [
  `List prices of ${dated}, written from memory, right to the order of magnitude. Check them before you rely on them.`,
  'A month has 730 hours. Assumed: every event is accepted, takes each path once, and none fails; a store holds the data of one month.',
  'Not counted: resources outside of the stack, reads of the store, internet egress, transitions to archive classes, free tiers, discounts, taxes.',
].join('\n');

const A_SECOND: Readonly<Record<string, number>> = { s: 1, min: 1 / 60, h: 1 / 3600, day: 1 / 86_400 };
const TIMES: Readonly<Record<string, number>> = { '': 1, k: 1e3, M: 1e6 };
/** The largest event that every cloud accepts. */
const LARGEST = 1_000_000;

/**
 * Read `1000/s` and `1kB`.
 * @throws Error with examples of valid values
 */
export function readRate(events = '1000/s', size = '1kB'): Rate {
  const [, count, times, per] = /^(\d+(?:\.\d+)?)([kM]?)\/(s|min|h|day)$/.exec(events) ?? [];
  const rate = Number(count) * TIMES[times ?? '']! * (A_SECOND[per ?? ''] ?? Number.NaN);
  if (!(rate > 0)) throw new Error(`--events must be a rate such as 1000/s, 2/min or 5M/day, got ${JSON.stringify(events)}`);
  const [, number, kilo] = /^(\d+(?:\.\d+)?)(k?)B$/.exec(size) ?? [];
  const bytes = Math.round(Number(number) * TIMES[kilo ?? '']!);
  if (!(bytes >= 1 && bytes <= LARGEST)) {
    throw new Error(`--size must be the size of an event such as 200B, 1kB or 256kB, up to 1000kB, got ${JSON.stringify(size)}`);
  }
  return { events: rate, size: bytes };
}

/** The cost of a stack, at a rate of events. */
export function costsOfStack(name: string, cloud: Cloud, stack: Stack, rate: Rate): Costs {
  const lines = costsOf(stack, factsOf(cloud), rate);
  return { stack: name, region: regions[cloud], dated, ...rate, total: totalOf(lines), lines };
}

/** Costs as text: a table for each stack, and what lowers the three most expensive lines. */
export function renderCosts(costs: readonly Costs[]): string {
  return [...costs.map(renderStack), `\n${CAVEAT}`].join('\n');
}

/** What is shown of a stack that costs nothing. */
export const FREE = 'None of its resources is billed.';

function renderStack({ stack, region, total, lines, ...rate }: Costs): string {
  if (lines.length === 0) return `\n${stack}: ${FREE}`;
  const row = (cells: readonly string[], what: string) => `  ${cells.map((cell) => cell.padStart(13)).join('')}  ${what}`;
  return [
    '',
    `${stack} at ${rateOf(rate)}, in USD at prices of ${region}`,
    '',
    row(['idle', 'per million', 'a month'], ''),
    ...lines.map((line) => row(moneyOf(line), `${nameOf(line)}: ${line.what}`)),
    row(moneyOf(total), 'total'),
    '',
    '  The three most expensive lines, and what lowers them',
    ...lines.slice(0, 3).map((line) => `  ${money(line.month).padStart(11)}  ${line.resource}: ${line.what}\n               ${line.lower}`),
  ]
    .map((line) => line.trimEnd())
    .join('\n');
}

/** `1,000 events/s of 1,000 bytes` */
export function rateOf({ events, size }: Rate): string {
  return `${events.toLocaleString('en-US', { maximumSignificantDigits: 3 })} events/s of ${size.toLocaleString('en-US')} bytes`;
}

export function nameOf({ resource, count }: CostLine): string {
  return count > 1 ? `${count} × ${resource}` : resource;
}

export function moneyOf({ idle, perMillion, month }: Costs['total']): string[] {
  return [idle, perMillion, month].map(money);
}

/** An amount of money. Small amounts have two decimals. */
export function money(usd: number): string {
  if (usd < 1e-9) return '-';
  if (usd < 0.01) return '<0.01';
  return usd < 100 ? usd.toFixed(2) : Math.round(usd).toLocaleString('en-US');
}
