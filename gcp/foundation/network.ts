import { Token } from 'cdktf';
import type { IConstruct } from 'constructs';
import { requireText, SettingError, type TextRule } from '../../shared/synth/settings';
import type { Network, Subnetwork } from '../ports/network';

/** The id of a network. */
export const NETWORK: TextRule = {
  pattern: /^(https:[/][/][a-z0-9./-]+[/])?projects[/][a-z0-9.:-]+[/]global[/]networks[/][a-z0-9-]+$/,
  must: 'have the ids of a network and a subnetwork',
  remedy: 'Find them with gcloud compute networks subnets describe.',
};
/** The id of a subnetwork. */
export const SUBNETWORK: TextRule = {
  ...NETWORK,
  pattern: /^(https:[/][/][a-z0-9./-]+[/])?projects[/][a-z0-9.:-]+[/]regions[/][a-z0-9-]+[/]subnetworks[/][a-z0-9-]+$/,
};

/**
 * Refuse no network, and a network without a subnetwork in the region.
 * @throws SettingError
 */
export function requireNetwork(scope: IConstruct, given: Network, region: string) {
  requireSubnetwork(scope, given, region);
  requireText(scope, { network: given.network }, NETWORK);
}

/**
 * Refuse no subnetwork, and one in another region, for what finds the network by it.
 * @throws SettingError
 */
export function requireSubnetwork(scope: IConstruct, given: Subnetwork, region: string) {
  if (typeof given !== 'object' || given === null) {
    const remedy = `Google would take the network default, which has no rules of yours, or does not exist. ${NETWORK.remedy}`;
    throw new SettingError(scope, `network must ${NETWORK.must}`, String(given), remedy);
  }
  const { subnetwork } = given;
  requireText(scope, { network: subnetwork }, SUBNETWORK);
  const [, its] = /\/regions\/([^/]+)\//.exec(subnetwork) ?? [];
  if (its === undefined || its === region || [its, region].some((one) => Token.isUnresolved(one))) return;
  throw new SettingError(scope, `network must have a subnetwork in ${region}`, its, 'What runs in it is in the region of the site.');
}
