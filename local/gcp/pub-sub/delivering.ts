import type { AsRead } from '../../contents';
import type { Made } from '../../made';
import type { Branch } from '../../platform';
import { ofSubscription } from './letters';
import type { Subscription } from './subscription';

/** The ways in which Pub/Sub itself delivers events: the names of their blocks of settings. */
export const KINDS = ['push_config', 'bigquery_config', 'cloud_storage_config'] as const;
export type Kind = (typeof KINDS)[number];

/** A subscription whose events Pub/Sub delivers. */
export interface Delivering {
  readonly kind: Kind;
  /** The path of the resource. */
  readonly path: string;
  readonly subscription: Subscription;
  /** The hashes of the events that it got. */
  readonly took: Set<string>;
}

/** What a delivery writes into. A function writes into whatever no other delivery does. */
export interface Target {
  /** The start of the place of each row. */
  readonly start?: string;
  readonly make?: (body: Buffer) => Made;
  readonly asRead?: AsRead;
}

/**
 * Several subscriptions that deliver: each must have every event that it got.
 * @param targets one for each subscription
 * @param asRead the form in which a reader gets the rows of a table, by the start of their place
 */
export function branchesOf(delivering: readonly Delivering[], targets: readonly Target[], asRead: ReadonlyMap<string, AsRead>): Branch[] {
  const starts = targets.flatMap(({ start }) => start ?? []);
  const isFilled = (place: string) => starts.some((start) => place.startsWith(start));
  const ofFunction: Target = { asRead: [...asRead].find(([start]) => !starts.includes(start))?.[1] };
  return delivering.map(({ kind, subscription, took }, index) => {
    const target = kind === 'push_config' ? ofFunction : targets[index]!;
    const { start, make } = target;
    const letters = ofSubscription(nameOf(subscription));
    const others = delivering.map((one) => ofSubscription(nameOf(one.subscription)));
    const isRow = (place: string) => (start ? place.startsWith(start) : !isFilled(place) && !others.some((end) => place.endsWith(end)));
    return {
      name: nameOf(subscription),
      takes: (hash) => took.has(hash),
      has: (place) => place.endsWith(letters) || isRow(place),
      make,
      asRead: target.asRead,
    };
  });
}

function nameOf({ settings }: Subscription): string {
  return settings.name.split('/').at(-1)!;
}
