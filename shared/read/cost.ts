import { type Cost, type Load, MONTH, type PriceKey } from './facts/cost';
import type { Facts } from './facts/find';
import { isDeadLetter } from './picture';
import { prices } from './prices.json';
import type { Asked, Stack } from './stack';

/** What a stack is asked to take: events a second, and the bytes of one. */
export interface Rate {
  readonly events: number;
  readonly size: number;
}

/** One line of what a stack costs, in USD. Equal resources share one. */
export interface CostLine extends Pick<Cost, 'what' | 'lower'> {
  /** What people call it: `Kinesis stream`. */
  readonly resource: string;
  /** How many there are. */
  readonly count: number;
  /** A month without events. */
  readonly idle: number;
  /** What a million events add at this rate: prices that fall with use, and what is sampled, make it another at another rate. */
  readonly perMillion: number;
  /** A month at this rate, what idles included. */
  readonly month: number;
}

/** What a stack costs in USD, line by line, the dearest first. What costs nothing is left out. */
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

/** What units of a price cost, step by step where it falls with use. */
export function usd(key: PriceKey, units: number): number {
  const price: { usd: number; of: number; then?: number[][] } = prices[key];
  const used = units / price.of;
  const steps = [[0, price.usd], ...(price.then ?? [])] as [number, number][];
  return steps.reduce((sum, [from, each], index) => {
    const to = steps[index + 1]?.[0] ?? Number.POSITIVE_INFINITY;
    return sum + Math.max(0, Math.min(used, to) - from) * each;
  }, 0);
}

/** What each resource sees of the events, from who moves them: an event source mapping, a consumer group, a subscription. */
function loadOf(stack: Stack, facts: Facts, { events, size }: Rate): Load {
  const movers = stack.all.filter((one) => facts.role(one, stack) === 'moves data');
  const coded = stack.all.filter((one) => facts.role(one, stack) === 'runs code');
  const bringing = movers.filter(({ type }) => facts.type(type)?.brings !== undefined);
  const codeOf = (mover: Asked) => coded.filter((code) => refersTo(mover, code) || refersTo(code, mover));
  const load: Load = {
    stack,
    events,
    size,
    readers: (resource) => movers.filter((mover) => refersTo(mover, resource)).length,
    calls: (code) => sum(bringing.filter((mover) => codeOf(mover).includes(code)).map((mover) => brought(mover).calls)),
    writes: (store) => {
      const all = isDeadLetter(store.name) ? [] : bringing.filter((mover) => fills(mover, codeOf(mover), store)).map(brought);
      return { count: sum(all.map(({ writes }) => writes)), bytes: sum(all.map(({ packed }) => (events * size) / packed)) };
    },
  };
  const brought = (mover: Asked) => facts.of(mover).brings!(mover, load);
  return load;
}

/** Whether what is brought ends in a store: code that knows it writes it there, but not to where it came from. */
function fills(mover: Asked, code: readonly Asked[], store: Asked): boolean {
  return refersTo(mover, store) ? code.length === 0 : code.some((one) => refersTo(one, store));
}

/** What each refers to. It is asked for again and again, and a template does not change. */
const referred = new WeakMap<Asked, ReadonlySet<string>>();

function refersTo(one: Asked, other: Asked): boolean {
  const ids = referred.get(one) ?? new Set(one.refers().map(({ id }) => id));
  referred.set(one, ids);
  return ids.has(other.id);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
