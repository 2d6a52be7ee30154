import { Duration } from 'aws-cdk-lib';
import { type Alarm, Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import {
  CfnManagedLoginBranding,
  type IUserPool,
  OAuthScope,
  UserPoolClient,
  type UserPoolClientProps,
  type UserPoolResourceServer,
} from 'aws-cdk-lib/aws-cognito';
import type { Construct } from 'constructs';
import { requireOneOf, requireText, requireTexts, SettingError, type TextRule } from '../../../shared/synth/settings';
import { alarm } from '../../foundation/alarms';

const NAME: TextRule = {
  pattern: /^[A-Za-z][A-Za-z0-9]{0,63}$/,
  must: 'be named in letters and digits, a letter first',
  remedy: "Write them like { studio: { kind: 'machine' } }.",
};
const ADDRESS: TextRule = {
  pattern: /^(?=.{1,1024}$)(https:\/\/|http:\/\/localhost(?=[:/]|$)|(?!https?:)[a-z][a-z0-9+.-]*:\/\/)[^\s#'"\\]*$/,
  must: 'be addresses with https, http for localhost, or the scheme of an app, and without a fragment or a quotation mark',
  remedy: "Write them like ['https://app.example.com/signed-in'].",
};
/** People sign in again after it. It is at least as long as the longest token is valid. */
const SIGN_IN_AGAIN = Duration.days(1);

/** Who gets tokens: a machine, or people with an app. */
export interface CognitoClient {
  /**
   * A `machine` has a secret, and gets a token for it (client credentials). `people` sign in on pages of Cognito, and their app gets
   * a token for a code (authorization code with PKCE, without a secret); after a day they sign in again. Another kind creates a new
   * client with a new id.
   */
  readonly kind: 'machine' | 'people';
  /**
   * Which of the scopes its tokens can have.
   * @default - all
   */
  readonly scopes?: readonly string[];
  /**
   * Where Cognito sends the browser of people with the code: `https`, `http` for `localhost` only, or the scheme of an app such as
   * `studio://signed-in`. People need at least one, machines have none.
   * @default - none
   */
  readonly callbackUrls?: readonly string[];
  /**
   * Where Cognito sends the browser of people who signed out.
   * @default - none
   */
  readonly logoutUrls?: readonly string[];
}

/** The clients, by name. */
export type Clients = Readonly<Record<string, CognitoClient>>;

/**
 * Check the clients.
 * @param known the scopes that exist
 * @throws SettingError
 */
export function requireClients(scope: Construct, clients: Clients, known: readonly string[]) {
  if (typeof clients !== 'object' || clients === null || Array.isArray(clients) || Object.keys(clients).length === 0) {
    throw new SettingError(scope, 'clients must have at least one client', 'none', NAME.remedy);
  }
  for (const [name, client] of Object.entries(clients)) {
    requireText(scope, { clients: name }, NAME);
    const { kind, scopes, callbackUrls = [], logoutUrls = [] } = client ?? {};
    const at = (setting: string) => `clients.${name}.${setting}`;
    requireOneOf(scope, { [at('kind')]: kind }, ['machine', 'people'], 'Machines have a secret, people sign in.');
    if (scopes !== undefined) requireKnown(scope, at('scopes'), scopes, known);
    requireTexts(scope, { [at('callbackUrls')]: callbackUrls, [at('logoutUrls')]: logoutUrls }, ADDRESS);
    if (kind === 'people' && callbackUrls.length === 0) {
      throw new SettingError(scope, `${at('callbackUrls')} must have an address`, 'none', 'Without one, the app of people gets no code.');
    }
    if (kind === 'machine' && callbackUrls.length + logoutUrls.length > 0) {
      const remedy = "A machine has no browser. For people, set kind to 'people'.";
      throw new SettingError(scope, `${at('kind')} must be people with callbackUrls or logoutUrls`, '"machine"', remedy);
    }
  }
}

/**
 * Refuse an empty list of scopes, and scopes that do not exist.
 * @throws SettingError
 */
export function requireKnown(scope: Construct, setting: string, scopes: readonly string[], known: readonly string[]) {
  const given = Array.isArray(scopes) ? scopes : [];
  const unknown = given.find((one) => !known.includes(one));
  if (given.length > 0 && unknown === undefined) return;
  const got = given.length === 0 ? 'none' : JSON.stringify(unknown);
  throw new SettingError(scope, `${setting} must be a list with some of ${known.join(', ')}`, got, 'Or add the scope to scopes.');
}

/** What a client is made from. */
interface Settings {
  readonly userPool: IUserPool;
  readonly server: UserPoolResourceServer;
  readonly tokenValidity: Duration;
}

/** Create a client. Its tokens have scopes of the resource server, and no other permission. */
export function makeClient(scope: Construct, name: string, client: CognitoClient, settings: Settings & { all: string[] }): UserPoolClient {
  const { userPool, server, tokenValidity, all } = settings;
  const scopes = (client.scopes ?? all).map((scopeName) => OAuthScope.resourceServer(server, { scopeName, scopeDescription: '' }));
  const common: UserPoolClientProps = {
    userPool,
    // Without it, people could sign in with a password by API.
    authFlows: { userSrp: false },
    accessTokenValidity: tokenValidity,
    refreshTokenValidity: SIGN_IN_AGAIN,
    enableTokenRevocation: true,
    preventUserExistenceErrors: true,
  };
  if (client.kind === 'machine') {
    const flows = { clientCredentials: true };
    return new UserPoolClient(scope, `Client${name}`, { ...common, generateSecret: true, oAuth: { flows, scopes } });
  }
  const { callbackUrls = [], logoutUrls } = client;
  const oAuth = {
    flows: { authorizationCodeGrant: true },
    scopes,
    callbackUrls: [...callbackUrls],
    logoutUrls: logoutUrls && [...logoutUrls],
  };
  const made = new UserPoolClient(scope, `Client${name}`, { ...common, generateSecret: false, oAuth });
  // Without a style, the pages to sign in show an error.
  const style = { userPoolId: userPool.userPoolId, clientId: made.userPoolClientId, useCognitoProvidedValues: true };
  new CfnManagedLoginBranding(scope, `Style${name}`, style);
  return made;
}

/**
 * An alarm on people who cannot sign in because of a quota.
 * @see https://docs.aws.amazon.com/cognito/latest/developerguide/metrics-for-cognito-user-pools.html
 */
export function alarmOf(scope: Construct, name: string, userPool: IUserPool, client: UserPoolClient): Alarm {
  const metric = new Metric({
    namespace: 'AWS/Cognito',
    metricName: 'SignInThrottles',
    dimensionsMap: { UserPool: userPool.userPoolId, UserPoolClient: client.userPoolClientId },
    statistic: Stats.SUM,
    period: Duration.minutes(5),
  });
  return alarm(scope, `SignInThrottles${name}`, metric, 'People could not sign in, because the account is above a quota of Cognito.');
}
