import { Token } from 'cdktf';
import type { IConstruct } from 'constructs';
import { type NumberRule, requireNumber, SettingError, type TextRule } from '../../../shared/synth/settings';

/** A field of a row, and none that the store or Cosmos DB sets. */
export const FIELD: TextRule = {
  pattern: /^(?!(?:id|eventId|ttl)$)[A-Za-z][A-Za-z0-9_]{0,99}$/,
  must: 'be the name of a field of a row, and none that the store sets',
  remedy: 'Write it like subject: 1 to 100 letters, digits and underscores, a letter first.',
};
export const KEPT: NumberRule = { from: 1, to: 24_855, unit: 'days', remedy: 'Leave it out to keep rows forever.' };
/** The id of an existing account, in any spelling of Azure. */
export const ACCOUNT_ID: TextRule = {
  pattern: /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.DocumentDB\/databaseAccounts\/[^/]+$/i,
  must: 'be the id of a Cosmos DB account',
  remedy: 'Find it with az cosmosdb show.',
};
const UNITS: NumberRule = {
  from: 1000,
  to: 1_000_000,
  unit: 'request units a second',
  remedy: 'Leave it out for serverless.',
};

/** @throws SettingError if Cosmos DB has no autoscale with this maximum */
export function requireUnits(scope: IConstruct, maxRequestUnits: number) {
  requireNumber(scope, { maxRequestUnits }, UNITS);
  if (Token.isUnresolved(maxRequestUnits) || maxRequestUnits % 1000 === 0) return;
  throw new SettingError(scope, 'maxRequestUnits must be a multiple of 1000', maxRequestUnits, 'Cosmos DB scales in steps of 1000.');
}
