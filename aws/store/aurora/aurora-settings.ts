import { type Duration, Token } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { requireNumber, requireTime, SettingError, type TimeRule } from '../../../shared/synth/settings';
import type { Network } from '../../ports/network';

const PAUSE: TimeRule = { from: 300, to: 86_400, unit: 'seconds', remedy: 'Aurora allows no other time.' };

/** The capacity of a database, and when it pauses. */
export interface Capacity {
  readonly maxCapacity: number;
  readonly minCapacity: number;
  readonly autoPause?: Duration;
}

/**
 * Refuse capacities that Aurora does not allow. Values that are known only at deploy pass.
 * @throws SettingError
 */
export function requireCapacity(scope: Construct, { maxCapacity, minCapacity, autoPause }: Capacity) {
  requireUnits(scope, { maxCapacity }, 1, 'It limits the cost of an hour.');
  requireUnits(scope, { minCapacity }, 0, 'With 0, the database pauses when it is idle.');
  if (minCapacity > maxCapacity && !Token.isUnresolved(maxCapacity)) {
    throw new SettingError(
      scope,
      'minCapacity must be at most maxCapacity',
      `${minCapacity} over ${maxCapacity}`,
      'Raise maxCapacity too.',
    );
  }
  if (autoPause === undefined) return;
  requireTime(scope, { autoPause }, PAUSE);
  if (minCapacity === 0 || Token.isUnresolved(minCapacity)) return;
  throw new SettingError(scope, 'autoPause requires minCapacity to be 0', minCapacity, 'Leave autoPause out, or minCapacity.');
}

/**
 * Refuse a missing network, and one with subnets in fewer than two zones.
 * @throws SettingError
 */
export function requireNetwork(scope: Construct, network?: Network): Network {
  if (!network) throw new SettingError(scope, 'network must be given', 'none', `Create one: new PrivateNetwork(this, 'Network').`);
  const zones = new Set(network.vpc.selectSubnets(network.subnets).availabilityZones).size;
  if (zones >= 2) return network;
  throw new SettingError(scope, 'network must have subnets in 2 zones', zones, 'Aurora requires subnets in at least two zones.');
}

/** Aurora allows capacities in steps of 0.5. */
function requireUnits(scope: Construct, settings: Readonly<Record<string, number>>, from: number, remedy: string) {
  for (const [setting, value] of Object.entries(settings)) {
    if (typeof value === 'number' && Number.isInteger(value * 2) && value >= from && value <= 256) continue;
    requireNumber(scope, { [setting]: value }, { from, to: 256, unit: 'capacity units in steps of 0.5', remedy });
  }
}
