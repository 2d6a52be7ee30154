import { Token } from 'cdktf';
import type { Construct } from 'constructs';
import { type NumberRule, requireNumber, SettingError } from '../../../shared/synth/settings';
import type { Lifecycle } from './data-account';

/** What Azure bills at least when an object leaves the tier. */
const BILLED = {
  coldAfterDays: 'Azure bills at least 90 days in the cold tier.',
  archiveAfterDays: 'Azure bills at least 180 days in the archive tier.',
};
/** An object moves to a tier before it leaves it. */
const ORDER = [
  ['coldAfterDays', 'archiveAfterDays'],
  ['coldAfterDays', 'expireAfterDays'],
  ['archiveAfterDays', 'expireAfterDays'],
] as const;
const TIER: NumberRule = { from: 1, to: 36_500, unit: 'days', remedy: 'Objects that are younger are still read.' };
const EXPIRE: NumberRule = { from: 1, to: 36_500, unit: 'days', remedy: 'Leave it out to keep objects.' };

type Ages = Pick<Lifecycle, 'coldAfterDays' | 'archiveAfterDays' | 'expireAfterDays'>;

/** When objects move to the cold tier: not at all if that is not set, and they expire before the default. */
export function coldAfter(otherwise: number | undefined, { coldAfterDays, expireAfterDays }: Ages): number | undefined {
  const expiresBefore = isKnown(expireAfterDays) && otherwise !== undefined && expireAfterDays <= otherwise;
  return coldAfterDays ?? (expiresBefore ? undefined : otherwise);
}

/**
 * Refuse ages of objects that Azure does not accept, or that make no sense together.
 * @param path the start of the names of the settings, such as `zones.raw.`
 * @throws SettingError
 */
export function requireAges(store: Construct, path: string, ages: Ages) {
  const { coldAfterDays, archiveAfterDays, expireAfterDays } = ages;
  if (coldAfterDays !== undefined) requireNumber(store, { [`${path}coldAfterDays`]: coldAfterDays }, TIER);
  if (archiveAfterDays !== undefined) requireNumber(store, { [`${path}archiveAfterDays`]: archiveAfterDays }, TIER);
  if (expireAfterDays !== undefined) requireNumber(store, { [`${path}expireAfterDays`]: expireAfterDays }, EXPIRE);
  for (const [before, after] of ORDER) {
    const [first, then] = [ages[before], ages[after]];
    if (!isKnown(first) || !isKnown(then) || then > first) continue;
    throw new SettingError(store, `${path}${after} must be more than ${before}, which is ${first}`, then, BILLED[before]);
  }
}

function isKnown(days: number | undefined): days is number {
  return days !== undefined && !Token.isUnresolved(days);
}
