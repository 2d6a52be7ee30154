/** The tiers of a hub, and how many messages of 4 kB one unit of each accepts a day. */
const DAILY = { S1: 400_000, S2: 6_000_000, S3: 300_000_000, B1: 400_000, B2: 6_000_000, B3: 300_000_000 } as const;

/** The tier and the size of a hub: S has device twins and messages to devices, B has not. */
export type Sku = keyof typeof DAILY;
export const SKUS = Object.keys(DAILY) as Sku[];

/** The daily quota of a hub, in messages. */
export function quotaOf(sku: Sku, units: number): number {
  return DAILY[sku] * units;
}
