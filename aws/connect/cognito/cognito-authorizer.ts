import type { Duration } from 'aws-cdk-lib';
import { CfnMethod, CognitoUserPoolsAuthorizer } from 'aws-cdk-lib/aws-apigateway';
import type { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import { type IUserPool, ManagedLoginVersion, type UserPoolClient, UserPoolDomain, UserPoolResourceServer } from 'aws-cdk-lib/aws-cognito';
import { Construct } from 'constructs';
import { type Removal, SettingError } from '../../../shared/synth/settings';
import { removalPolicyOf } from '../../foundation/removal';
import { alarmOf, type Clients, type CognitoClient, makeClient, requireKnown } from './clients';
import { requireSettings } from './cognito-settings';
import { signInCommandOf, tokenCommandOf } from './commands';
import { makePool, uniquePrefix } from './pool';

/** Settings for {@link CognitoAuthorizer}. Every one has a safe default. */
export interface CognitoAuthorizerProps {
  /**
   * Who gets tokens, by name. To change a secret, add a client, let its senders use it, and remove the old one: another name is
   * another client, with a new id and secret.
   * @default - one machine, `sender`, with all scopes
   */
  readonly clients?: Clients;
  /**
   * What tokens allow: a description of each scope by its name. Give each API the scopes that it needs, with `forApi`.
   * @default - `write`
   */
  readonly scopes?: Readonly<Record<string, string>>;
  /**
   * The identifier of the resource server, the first part of each scope: `events/write`. It must be new in the user pool. A change
   * replaces it: senders must ask for tokens with the new scopes.
   * @default events
   */
  readonly resourceServer?: string;
  /**
   * How long an access token is valid, in whole minutes from 5 minutes to 1 day. A token cannot be taken back: it is accepted until
   * then, also if its client is deleted. Each token of a machine costs money, so machines keep it until then.
   * @default 1 hour
   */
  readonly tokenValidity?: Duration;
  /**
   * The first part of the host of the pages and the tokens, `PREFIX.auth.REGION.amazoncognito.com`. A pool has one prefix, so a
   * deploy with another fails.
   * @default - a prefix from the id of the stack
   */
  readonly domainPrefix?: string;
  /**
   * The host of the pages and the tokens of `userPool`, if it has one already: `auth.example.com`.
   * @default - a new domain with `domainPrefix`
   */
  readonly domain?: string;
  /**
   * An existing user pool of this account and region, with the plan Essentials or Plus. It keeps its own settings, such as the second
   * factor. With it, people can sign in with another identity provider, or sign up themselves.
   * @default - a new user pool
   */
  readonly userPool?: IUserPool;
  /**
   * What happens to the user pool, with its people, when the stack is deleted. `destroy` also requires the context `destroyData`.
   * @default retain
   */
  readonly removal?: Removal;
}

/** The settings of an API that accepts the tokens: both go together. */
export interface ApiAuthorization {
  readonly authorizer: CognitoUserPoolsAuthorizer;
  readonly authorizationScopes: readonly string[];
}

/**
 * Connect stage: Cognito decides who may call the APIs. Machines get a token for a secret, people for a sign-in with a second factor,
 * and each token has scopes. Only administrators add people. Give `forApi` to an `ApiGatewayEntry` or an `ApiGatewayLookup`.
 *
 * Not for machines on AWS, nor for those with an X.509 certificate (IAM Roles Anywhere): without an authorizer they sign with IAM, and
 * need no secret. Not for web pages of other hosts, because the entry has no CORS.
 *
 * Idle it costs about 6 USD a month for each machine client; 1,000 tokens of machines cost about 2.30 USD, and 1,000 people who sign in 15 USD
 * a month, after the first 10,000. Administrators can read the secrets of the clients with `cognito-idp:DescribeUserPoolClient`. Cognito
 * has no backup: people who are deleted are invited again.
 *
 * A deploy replaces clients of another kind or name, and the resource server with another identifier. If the construct gets another
 * scope or id, a deploy creates a new user pool, without people.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-integrate-with-cognito.html
 */
export class CognitoAuthorizer extends Construct {
  /** The new or the given user pool, for anything this construct does not cover. */
  readonly userPool: IUserPool;
  /** The clients, by name. */
  readonly clients: Readonly<Record<string, UserPoolClient>>;
  /** The address of the pages to sign in and of the tokens. */
  readonly url: string;
  /** People who cannot sign in because of a quota. They have no action yet. */
  readonly alarms: readonly Alarm[];

  private readonly settings: Clients;
  private readonly scopes: readonly string[];
  private readonly resourceServer: string;
  private readonly authorizers = new Set<string>();

  constructor(scope: Construct, id: string, props: CognitoAuthorizerProps = {}) {
    super(scope, id);
    const { clients, scopes, resourceServer, tokenValidity } = requireSettings(this, props);
    this.settings = clients;
    this.scopes = Object.keys(scopes);
    this.resourceServer = resourceServer;
    const removalPolicy = removalPolicyOf(this, props.removal);

    const userPool = props.userPool ?? makePool(this, removalPolicy);
    this.userPool = userPool;
    const all = Object.entries(scopes).map(([scopeName, scopeDescription]) => ({ scopeName, scopeDescription }));
    const server = new UserPoolResourceServer(this, 'Scopes', { userPool, identifier: resourceServer, scopes: all });
    this.url = props.domain === undefined ? this.addDomain(props.domainPrefix) : `https://${props.domain}`;
    const made = { userPool, server, tokenValidity, all: [...this.scopes] };
    this.clients = Object.fromEntries(Object.entries(this.settings).map(([name, client]) => [name, makeClient(this, name, client, made)]));
    const people = Object.entries(this.clients).filter(([name]) => this.settings[name]!.kind === 'people');
    this.alarms = people.map(([name, client]) => alarmOf(this, name, userPool, client));
    this.node.addValidation({ validate: () => this.requireScopesOfMethods() });
  }

  /**
   * The settings of an API that accepts tokens with one of these scopes. Each API takes its own, because an authorizer is a part of an
   * API: `new ApiGatewayEntry(this, 'Connect', { sink, eventSchema, ...senders.forApi('Events') })`.
   * @param id unique in this construct
   * @param scopes some of the scopes, or all if they are left out
   * @throws SettingError on a scope that does not exist
   */
  forApi(id: string, scopes: readonly string[] = this.scopes): ApiAuthorization {
    requireKnown(this, `scopes of forApi('${id}')`, scopes, this.scopes);
    const authorizer = new CognitoUserPoolsAuthorizer(this, `Api${id}`, { cognitoUserPools: [this.userPool] });
    this.authorizers.add(authorizer.authorizerId);
    return { authorizer, authorizationScopes: this.named(scopes) };
  }

  /**
   * A command that puts a token of a machine into the variable TOKEN. It reads the secret, which requires the permission
   * `cognito-idp:DescribeUserPoolClient`.
   * @throws SettingError if there is no such machine
   */
  tokenCommand(machine: string): string {
    return tokenCommandOf(this.of(machine, 'machine'));
  }

  /**
   * Commands that print the address where a person signs in, wait for the code in the address that follows, and put a token into the
   * variable TOKEN.
   * @throws SettingError if there is no such client for people
   */
  signInCommand(people: string): string {
    return signInCommandOf({ ...this.of(people, 'people'), callbackUrl: this.settings[people]!.callbackUrls![0]! });
  }

  private of(name: string, kind: CognitoClient['kind']) {
    const client = this.clients[name];
    if (!client || this.settings[name]!.kind !== kind) {
      const known = Object.keys(this.clients).filter((one) => this.settings[one]!.kind === kind);
      const remedy = known.length === 0 ? 'There is none: add it to clients.' : `Known: ${known.join(', ')}.`;
      throw new SettingError(this, `the client must be one of kind ${kind}`, JSON.stringify(name), remedy);
    }
    const { url, userPool } = this;
    const scopes = this.named(this.settings[name]!.scopes ?? this.scopes);
    return { url, userPoolId: userPool.userPoolId, clientId: client.userPoolClientId, scopes };
  }

  private named(scopes: readonly string[]): string[] {
    return scopes.map((one) => `${this.resourceServer}/${one}`);
  }

  private addDomain(domainPrefix = uniquePrefix(this)): string {
    const { userPool } = this;
    const managedLoginVersion = ManagedLoginVersion.NEWER_MANAGED_LOGIN;
    return new UserPoolDomain(this, 'Domain', { userPool, cognitoDomain: { domainPrefix }, managedLoginVersion }).baseUrl();
  }

  /** @throws SettingError on a method that checks no scope: any person of the user pool could call it */
  private requireScopesOfMethods(): string[] {
    const methods = this.node.root.node.findAll().filter((one): one is CfnMethod => one instanceof CfnMethod);
    const open = methods.find((one) => this.authorizers.has(one.authorizerId ?? '') && !one.authorizationScopes?.length);
    if (!open) return [];
    const remedy = 'Without them, API Gateway accepts the identity token of every person, and no machine. Give both settings of forApi.';
    throw new SettingError(this, 'a method with its authorizer must have authorizationScopes', `none at ${open.node.path}`, remedy);
  }
}
