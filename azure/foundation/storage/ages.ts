import { Token } from 'cdktf';
import type { Construct } from 'constructs';
import { type NumberRule, requireNumber, SettingError } from '../../../shared/synth/settings';
import type { Lifecycle } from './data-account';

const COLD: NumberRule = { from: 1, to: 36_500, unit: 'days', remedy: 'Objects that are younger are still read.' };
const EXPIRE: NumberRule = { from: 1, to: 36_500, unit: 'days', remedy: 'Leave it out to keep objects.' };

type Ages = Pick<Lifecycle, 'coldAfterDays' | 'expireAfterDays'>;

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
export function requireAges(store: Construct, path: string, { coldAfterDays, expireAfterDays }: Ages) {
  if (coldAfterDays !== undefined) requireNumber(store, { [`${path}coldAfterDays`]: coldAfterDays }, COLD);
  if (expireAfterDays !== undefined) requireNumber(store, { [`${path}expireAfterDays`]: expireAfterDays }, EXPIRE);
  if (!isKnown(coldAfterDays) || !isKnown(expireAfterDays) || expireAfterDays > coldAfterDays) return;
  const rule = `${path}expireAfterDays must be more than coldAfterDays, which is ${coldAfterDays}`;
  throw new SettingError(store, rule, expireAfterDays, 'Azure bills at least 90 days in the cold tier.');
}

function isKnown(days: number | undefined): days is number {
  return days !== undefined && !Token.isUnresolved(days);
}
