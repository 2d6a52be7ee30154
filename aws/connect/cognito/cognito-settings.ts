import { Duration } from 'aws-cdk-lib';
import type { IUserPool } from 'aws-cdk-lib/aws-cognito';
import type { Construct } from 'constructs';
import { requireAbsent, requireText, requireTime, SettingError, type TextRule, type TimeRule } from '../../../shared/synth/settings';
import { requireHome } from '../../foundation/home';
import { type Clients, requireClients } from './clients';

const HERE = 'Its clients are created in the account of the stack: use a pool of this account and region.';
const PREFIX: TextRule = {
  pattern: /^(?!.*(aws|amazon|cognito))[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
  must: 'be 1 to 63 lower-case letters, digits and hyphens, without aws, amazon and cognito',
  remedy: 'It must be unique in the region over all accounts: leave it out for one that is.',
};
const HOST: TextRule = {
  pattern: /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,63}$/,
  must: 'be the name of a host',
  remedy: "Write it like 'auth.example.com'. See aws cognito-idp describe-user-pool.",
};
const SCOPE: TextRule = {
  pattern: /^[A-Za-z][A-Za-z0-9._-]{0,63}$/,
  must: 'be named in letters, digits, dots, underscores and hyphens, a letter first',
  remedy: "Write them like { write: 'Send events.' }.",
};
const DESCRIPTION: TextRule = { pattern: /^\S[^\n]{0,255}$/, must: 'have a description of 1 to 256 characters', remedy: SCOPE.remedy };
const VALIDITY: TimeRule = { from: 300, to: 86_400, unit: 'seconds', remedy: 'Cognito allows 5 minutes to 1 day.' };

/** The settings that are checked together. */
interface Given {
  readonly clients?: Clients;
  readonly scopes?: Readonly<Record<string, string>>;
  readonly resourceServer?: string;
  readonly tokenValidity?: Duration;
  readonly domainPrefix?: string;
  readonly domain?: string;
  readonly userPool?: IUserPool;
  readonly removal?: unknown;
}

/** The settings with their defaults. */
type Settings = Required<Pick<Given, 'clients' | 'scopes' | 'resourceServer' | 'tokenValidity'>>;

/**
 * Check the settings.
 * @throws SettingError
 */
export function requireSettings(scope: Construct, { domain, domainPrefix, userPool, removal, ...props }: Given): Settings {
  const { scopes = { write: 'Send events.' }, resourceServer = 'events', tokenValidity = Duration.hours(1) } = props;
  const { clients = { sender: { kind: 'machine' } } } = props;
  requireScopes(scope, scopes);
  requireClients(scope, clients, Object.keys(scopes));
  requireText(scope, { resourceServer }, { ...SCOPE, remedy: "Write it like 'events'." });
  requireValidity(scope, tokenValidity);
  if (domainPrefix !== undefined) requireText(scope, { domainPrefix }, PREFIX);
  requireHome(scope, { userPool }, HERE);
  if (userPool) requireAbsent(scope, 'userPool', { removal });
  if (domain !== undefined) {
    requireText(scope, { domain }, HOST);
    requireAbsent(scope, 'domain', { domainPrefix });
    if (!userPool) throw new SettingError(scope, 'domain must be the one of userPool', 'no userPool', 'Give both, or domainPrefix.');
  }
  return { clients, scopes, resourceServer, tokenValidity };
}

function requireScopes(scope: Construct, scopes: Readonly<Record<string, string>>) {
  if (typeof scopes !== 'object' || scopes === null || Array.isArray(scopes) || Object.keys(scopes).length === 0) {
    throw new SettingError(scope, 'scopes must have at least one scope', 'none', SCOPE.remedy);
  }
  for (const [name, description] of Object.entries(scopes)) {
    requireText(scope, { scopes: name }, SCOPE);
    requireText(scope, { [`scopes.${name}`]: description }, DESCRIPTION);
  }
}

function requireValidity(scope: Construct, tokenValidity: Duration) {
  requireTime(scope, { tokenValidity }, VALIDITY);
  const isWhole = !tokenValidity.isUnresolved() && tokenValidity.toSeconds() % 60 === 0;
  if (isWhole) return;
  const got = tokenValidity.isUnresolved() ? 'a length of time that is known only at deploy' : `${tokenValidity.toSeconds()} seconds`;
  throw new SettingError(scope, 'tokenValidity must be in whole minutes', got, 'Write it like Duration.minutes(60).');
}
