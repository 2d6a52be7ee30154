import type { Facts } from './facts/find';
import type { Asked, Stack } from './stack';

/** What a deploy does with a resource. `may be replaced` where the values decide, or nothing is known of its type. */
export type Fate = 'deleted' | 'replaced' | 'may be replaced' | 'changed' | 'created';

/**
 * What becomes of data whose resource is deleted, replaced or loses a part: it is lost, it stays where it is and nothing manages it any more, or the
 * deploy is refused, because the resource is protected.
 */
export type DataFate = 'lost' | 'left behind' | 'protected';

/** What a deploy does with one resource. */
export interface Change {
  /** What it is called in the template. */
  readonly id: string;
  readonly type: string;
  /** What a person calls it: the `Buffer stream`. */
  readonly name: string;
  readonly fate: Fate;
  /** The settings that replace it, or the resource that is replaced and that it depends on. */
  readonly because: readonly string[];
  /** What becomes of its data, where it holds some and does not stay as it is. */
  readonly data?: DataFate;
}

/** How many resources meet each fate, and how many of those hold data. */
export interface Counts extends Readonly<Record<Fate, number>> {
  readonly data: Readonly<Record<DataFate, number>>;
}

/** Whether a resource holds data. Where nothing is known of its type, it does when it is kept. */
export function holdsData(resource: Asked, stack: Stack, facts: Facts): boolean {
  return facts.type(resource) === undefined ? resource.retained : facts.role(resource, stack) === 'holds data';
}

/** Sorts changes: data that is lost first, then all other data, then by fate. */
export function byWeight(a: Change, b: Change): number {
  return weightOf(a) - weightOf(b) || (a.name < b.name ? -1 : 1);
}

const FATES: readonly Fate[] = ['deleted', 'replaced', 'may be replaced', 'changed', 'created'];
const DATA: readonly (DataFate | undefined)[] = ['lost', 'protected', 'left behind', undefined];

function weightOf({ fate, data }: Change): number {
  return DATA.indexOf(data) * FATES.length + FATES.indexOf(fate);
}

export function countsOf(changes: readonly Change[]): Counts {
  const count = (fits: (change: Change) => boolean) => changes.filter(fits).length;
  const fates = Object.fromEntries(FATES.map((fate) => [fate, count((change) => change.fate === fate)])) as Record<Fate, number>;
  const of = (data: DataFate) => count((change) => change.data === data);
  return { ...fates, data: { lost: of('lost'), 'left behind': of('left behind'), protected: of('protected') } };
}
