import { type Cost, type Load, MONTH, type PriceKey } from './facts/cost';
import type { Facts } from './facts/find';
import type { Role } from './facts/types';
import { isDeadLetter } from './picture';
import { prices } from './prices.json';
import type { Asked, Stack } from './stack';

/** The load of a stack: events a second, and the bytes of one event. */
export interface Rate {
  readonly events: number;
  readonly size: number;
}

/** One line of the cost of a stack, in USD. Equal resources share one line. */
export interface CostLine extends Pick<Cost, 'what' | 'lower'> {
  /** The name of the resource type: `Kinesis stream`. */
  readonly resource: string;
  /** The number of resources. */
  readonly count: number;
  /** A month without events. */
  readonly idle: number;
  /** The cost of a million events at this rate. It depends on the rate, because of volume discounts and sampling. */
  readonly perMillion: number;
  /** A month at this rate, including idle cost. */
  readonly month: number;
}

/** The cost of a stack in USD, line by line, the most expensive first. Lines without cost are left out. */
export function costsOf(stack: Stack, facts: Facts, { events, size }: Rate): CostLine[] {
  const idle = loadOf(stack, facts, { events: 0, size });
  const busy = loadOf(stack, facts, { events, size });
  const lines = new Map<string, CostLine>();
  for (const resource of stack.all) {
    const { costs, name, folder } = facts.of(resource);
    if (typeof costs !== 'function') continue;
    const idling = costs(resource, idle);
    for (const [index, { what, price, units, lower }] of costs(resource, busy).entries()) {
      const service = facts.services.get(folder)!.name;
      const label = service === 'foundation' || name.startsWith(service) ? name : `${service} ${name}`;
      const key = `${label}: ${what}`;
      const before = lines.get(key) ?? { count: 0, idle: 0, month: 0 };
      const [still, month] = [before.idle + usd(price, idling[index]!.units), before.month + usd(price, units)];
      const perMillion = (month - still) / ((events * MONTH) / 1e6);
      if (still + month > before.idle + before.month)
        lines.set(key, { resource: label, count: before.count + 1, what, lower, idle: still, perMillion, month });
    }
  }
  return [...lines.values()].sort((a, b) => b.month - a.month);
}

/** The sum of lines. */
export function totalOf(lines: readonly CostLine[]): Pick<CostLine, 'idle' | 'perMillion' | 'month'> {
  const sum = (of: 'idle' | 'perMillion' | 'month') => lines.reduce((total, line) => total + line[of], 0);
  return { idle: sum('idle'), perMillion: sum('perMillion'), month: sum('month') };
}

/** The cost of a number of units, with volume discounts. */
export function usd(key: PriceKey, units: number): number {
  const price: { usd: number; of: number; then?: number[][] } = prices[key];
  const used = units / price.of;
  const steps = [[0, price.usd], ...(price.then ?? [])] as [number, number][];
  return steps.reduce((sum, [from, each], index) => {
    const to = steps[index + 1]?.[0] ?? Number.POSITIVE_INFINITY;
    return sum + Math.max(0, Math.min(used, to) - from) * each;
  }, 0);
}

/** The roles of resources that events leave again. */
const MOVING: readonly Role[] = ['moves data', 'holds data'];

/** The load of each resource, from the resources that move events: event source mappings, consumer groups, subscriptions. */
function loadOf(stack: Stack, facts: Facts, { events, size }: Rate): Load {
  const movers = stack.all.filter((one) => facts.role(one, stack) === 'moves data');
  const coded = stack.all.filter((one) => facts.role(one, stack) === 'runs code');
  // A queue has no mover beside it: its reader is code.
  const bringing = stack.all.filter((one) => facts.type(one)?.brings !== undefined && MOVING.includes(facts.role(one, stack)));
  const codeOf = (mover: Asked) => coded.filter((code) => refersTo(mover, code) || refersTo(code, mover));
  const isReadBy = (store: Asked, code: Asked) =>
    facts
      .of(code)
      .reads?.(code)
      .some(({ id }) => id === store.id) ?? false;
  const load: Load = {
    stack,
    events,
    size,
    readers: (resource) => movers.filter((mover) => refersTo(mover, resource)).length,
    calls: (code) => sum(bringing.filter((mover) => codeOf(mover).includes(code)).map((mover) => brought(mover).calls)),
    writes: (store) => {
      const all = isDeadLetter(store.name) ? [] : bringing.filter((mover) => fills(mover, store)).map(brought);
      return { count: sum(all.map(({ writes }) => writes)), bytes: sum(all.map(({ packed }) => (events * size) / packed)) };
    },
  };
  const brought = (mover: Asked) => facts.of(mover).brings!(mover, load);
  const fills = (mover: Asked, store: Asked) => {
    const code = codeOf(mover);
    // What reads a store brings nothing to it. To calculate its load, the load of the store must be known.
    if (code.some((one) => isReadBy(store, one))) return false;
    return fillsFrom(mover, brought(mover).writesItself ? [] : code, store);
  };
  return load;
}

/** Whether events are written to a store: code that refers to it writes to it, except to the source of the events. */
function fillsFrom(mover: Asked, code: readonly Asked[], store: Asked): boolean {
  return refersTo(mover, store) ? code.length === 0 : code.some((one) => refersTo(one, store));
}

/** The references of each resource, cached because they are read often. */
const referred = new WeakMap<Asked, ReadonlySet<string>>();

function refersTo(one: Asked, other: Asked): boolean {
  const ids = referred.get(one) ?? new Set(one.refers().map(({ id }) => id));
  referred.set(one, ids);
  return ids.has(other.id);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
