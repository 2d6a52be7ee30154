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

/** What a delivery writes into. */
export interface Target {
  /** The start of the place of each row of Pub/Sub itself. */
  readonly start?: string;
  /** The starts of the places of the rows of a function. The only function writes into whatever no other delivery does. */
  readonly stores?: readonly string[];
  readonly make?: (body: Buffer) => Made;
  readonly asRead?: AsRead;
}

/**
 * Several subscriptions that deliver: each must have every event that it got.
 * @param targets one for each subscription
 * @param asRead the form in which a reader gets the rows of a table, by the start of their place
 */
export function branchesOf(delivering: readonly Delivering[], targets: readonly Target[], asRead: ReadonlyMap<string, AsRead>): Branch[] {
  const filled = targets.flatMap(({ start }) => start ?? []);
  const functions = new Set(targets.flatMap(({ stores }) => (stores ? [stores] : [])));
  const startsWith = (starts: readonly string[]) => (text: string) => starts.some((start) => text.startsWith(start));
  const others = delivering.map(({ subscription }) => ofSubscription(nameOf(subscription)));
  const isRowOf = ({ start, stores = [] }: Target) => {
    if (start !== undefined) return startsWith([start]);
    if (functions.size > 1) return startsWith(stores);
    return (place: string) => !startsWith(filled)(place) && !others.some((end) => place.endsWith(end));
  };
  return delivering.map(({ subscription, took }, index) => {
    const target = targets[index]!;
    const letters = ofSubscription(nameOf(subscription));
    const isRow = isRowOf(target);
    // The stores of a function are known when every part has begun.
    const ofTable = () => [...asRead].find(([start]) => !filled.includes(start) && (functions.size < 2 || target.stores?.includes(start)));
    return {
      name: nameOf(subscription),
      takes: (hash) => took.has(hash),
      has: (place) => place.endsWith(letters) || isRow(place),
      make: target.make,
      get asRead() {
        return target.start === undefined ? ofTable()?.[1] : target.asRead;
      },
    };
  });
}

function nameOf({ settings }: Subscription): string {
  return settings.name.split('/').at(-1)!;
}
