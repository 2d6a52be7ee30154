import { Token } from 'cdktf';
import type { Construct } from 'constructs';
import {
  ACTION_GROUPS,
  requireAbsent,
  requireNumber,
  requireOneOf,
  requireText,
  requireTexts,
  SettingError,
  type TextRule,
} from '../../../shared/synth/settings';
import { NAME, requireIdentity } from '../../foundation/rules';
import type { DirectStore } from '../../ports/delivery';
import type { RecordSink, RecordSource } from '../../ports/records';
import { SKUS, type Sku } from './tiers';

const HUB_ID: TextRule = {
  pattern: /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.Devices\/IotHubs\/[^/]+$/i,
  must: 'be the id of an IoT hub',
  remedy: 'Find it with az iot hub show.',
};
const AUTHORITY_NAME: TextRule = {
  pattern: /^[A-Za-z0-9][\w.-]{0,63}$/,
  must: 'be named in 1 to 64 letters, digits, dots, hyphens and underscores',
  remedy: 'Write them like { plants: pem }.',
};
/** The certificate of an authority, as PEM. */
export const CERTIFICATE: TextRule = {
  pattern: /^-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\r\n]+-----END CERTIFICATE-----[\r\n]*$/,
  must: 'be a certificate as PEM',
  remedy: 'Give the certificate of the authority alone, without its chain, and never its private key.',
};

/** The settings that are checked, as `IotHubEntryProps` has them. */
interface Given {
  readonly sink: RecordSink;
  readonly archive?: DirectStore;
  readonly name?: string;
  readonly sku?: Sku;
  readonly units?: number;
  readonly certificateAuthorities?: Readonly<Record<string, string>>;
  readonly alertOnSilence?: boolean;
  readonly identity?: { readonly id: string; readonly principalId: string };
  readonly hubId?: string;
  readonly notify?: readonly string[];
}

/** The audience of the tokens that an event hub accepts: the only kind of sink that a hub delivers to here. */
const EVENT_HUBS = 'https://eventhubs.azure.net';

/**
 * Check all settings before the first resource.
 * @returns the settings that have a default
 * @throws SettingError
 */
export function requireSettings(scope: Construct, props: Given): { middle: string; sku: Sku; units: number } {
  const { name, sku, units, certificateAuthorities, alertOnSilence, identity, hubId, notify, sink, archive } = props;
  const middle = name ?? 'devices';
  const tier = sku ?? 'S1';
  const count = units ?? 1;
  requireText(scope, { name: middle }, NAME);
  requireOneOf(scope, { sku: tier }, SKUS, 'F1 is limited to 8,000 messages a day, and to one hub of a subscription.');
  const most = tier.endsWith('3') ? 10 : 200;
  requireNumber(scope, { units: count }, { from: 1, to: most, unit: 'units', remedy: `${tier} has no more.` }, 'known');
  requireOneOf(scope, { alertOnSilence: alertOnSilence ?? false }, [true, false], 'Leave it out for no alert.');
  requireAuthorities(scope, certificateAuthorities);
  requireTexts(scope, { notify }, ACTION_GROUPS);
  if (identity !== undefined) {
    requireIdentity(scope, 'identity', identity, 'principalId');
  }
  if (hubId !== undefined) {
    requireText(scope, { hubId }, HUB_ID);
    requireAbsent(scope, 'hubId', { sku, units, alertOnSilence });
    if (identity === undefined) {
      throw new SettingError(
        scope,
        'identity must be given with hubId',
        'none',
        'Terraform cannot add an identity to an existing hub: add it with az iot hub identity assign, and give it here.',
      );
    }
  }
  const { audience } = sink.sendRequest;
  if (audience !== EVENT_HUBS) {
    const remedy = 'Use an EventHubBuffer.';
    throw new SettingError(scope, 'sink must be an event hub', `a sink that accepts tokens for ${audience}`, remedy);
  }
  // A hub has `bindDelivery` too, and hands out records.
  const { bindDelivery, deliverTo } = (archive ?? {}) as Partial<DirectStore & RecordSource>;
  if (archive !== undefined && (typeof bindDelivery !== 'function' || deliverTo !== undefined)) {
    throw new SettingError(scope, 'archive must be a store of objects', 'something else', 'Use a BlobStore or a zone of a DataLakeStore.');
  }
  return { middle, sku: tier, units: count };
}

function requireAuthorities(scope: Construct, authorities: Given['certificateAuthorities']) {
  if (authorities === undefined) return;
  if (Token.isUnresolved(authorities) || typeof authorities !== 'object' || authorities === null || Array.isArray(authorities)) {
    throw new SettingError(scope, 'certificateAuthorities must be certificates by their names', 'something else', AUTHORITY_NAME.remedy);
  }
  for (const [name, certificate] of Object.entries(authorities)) {
    requireText(scope, { certificateAuthorities: name }, AUTHORITY_NAME);
    // The message must not show a private key.
    const isPem = Token.isUnresolved(certificate) || (typeof certificate === 'string' && CERTIFICATE.pattern.test(certificate));
    if (!isPem)
      throw new SettingError(
        scope,
        `certificateAuthorities must each ${CERTIFICATE.must}`,
        `something else as ${name}`,
        CERTIFICATE.remedy,
      );
  }
}
