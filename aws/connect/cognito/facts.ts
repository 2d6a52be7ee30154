import { HOURS } from '../../../shared/read/facts/cost';
import { counted, promised, setTo } from '../../../shared/read/facts/promise';
import type { Promised, Seen, ServiceFacts, TypeFacts } from '../../../shared/read/facts/types';
import { every, remove, set } from '../../../shared/read/facts/weaken';
import { facts as joined, type Step } from '../../../shared/read/picture';
import { type Asked, amount, is, names, type Stack } from '../../../shared/read/stack';
import { said } from '../../../shared/read/tell';
import { alarmOn, RETAINED } from '../../foundation/promises';

const POOL = 'AWS::Cognito::UserPool';
const CLIENT = 'AWS::Cognito::UserPoolClient';
const SERVER = 'AWS::Cognito::UserPoolResourceServer';
const DOMAIN = 'AWS::Cognito::UserPoolDomain';
const STYLE = 'AWS::Cognito::ManagedLoginBranding';
const METHOD = 'AWS::ApiGateway::Method';
const ADDRESS = /^(https:\/\/|http:\/\/localhost[:/]|(?!https?:)[a-z][a-z0-9+.-]*:\/\/)/;
const NOT_RUN = { notRun: 'the local run has no user pool, and checks no tokens.' };

const helps = (name: string, promises: TypeFacts['promises'] = []): TypeFacts => ({
  name,
  role: 'helps',
  promises,
  local: { UserPoolId: NOT_RUN },
});
const ofMachines = (promise: Promised): Promised => ({ ...promise, concerns: isMachine });
const ofPeople = (promise: Promised): Promised => ({ ...promise, concerns: (client) => !isMachine(client) });

export const facts: ServiceFacts = {
  name: 'Cognito',
  local: { not: 'the local run has no user pool, and checks no tokens, as it checks no signatures of IAM' },
  unproven: [
    'API Gateway accepts an access token with the scope and refuses one without, an expired one, and an identity token.',
    'People sign in on the pages of Cognito although the client allows no sign-in by API, and set up their one-time password there.',
    'An app of people gets a code although it asks for scopes of the resource server only, and not for openid.',
    'A prefix of the domain that is made from the id of the stack is free.',
    'The access log has the claim sub of a token of a machine.',
  ],
  unlisted: {
    'AWS/Cognito SignInThrottles':
      'https://docs.aws.amazon.com/cognito/latest/developerguide/metrics-for-cognito-user-pools.html lists it, with the dimensions UserPool and UserPoolClient.',
  },
  types: {
    [POOL]: {
      name: 'user pool',
      role: 'holds data',
      tells: (pool) => [
        'Cognito',
        is(pool, 'AdminCreateUserConfig.AllowAdminCreateUserOnly', true) ? 'people by invitation' : 'people sign up themselves',
        is(pool, 'MfaConfiguration', 'ON') ? 'second factor' : 'no second factor',
        said.kept(pool),
      ],
      promises: [
        RETAINED,
        setTo({
          rule: 'retained',
          must: 'refuse to be deleted, by whoever tries',
          at: 'DeletionProtection',
          to: ['ACTIVE'],
          weak: 'INACTIVE',
          worse: 'it can be deleted by hand',
        }),
        setTo({
          rule: 'known-callers',
          must: 'let administrators alone add people',
          at: 'AdminCreateUserConfig.AllowAdminCreateUserOnly',
          to: [true],
          weak: false,
          worse: 'everybody can sign up',
        }),
        setTo({
          rule: 'known-callers',
          must: 'require a second factor',
          at: 'MfaConfiguration',
          to: ['ON'],
          weak: 'OPTIONAL',
          worse: 'a password is enough',
        }),
        setTo({
          rule: 'known-callers',
          must: 'allow an app as the only second factor, because text messages can be redirected',
          at: 'EnabledMfas',
          to: ['SOFTWARE_TOKEN_MFA'],
          weak: ['SMS_MFA'],
          worse: 'the second factor is a text message',
        }),
        counted({
          rule: 'known-callers',
          must: 'require passwords of at least 12 characters',
          at: 'Policies.PasswordPolicy.MinimumLength',
          from: 12,
          weak: 6,
          worse: 'short passwords are accepted',
        }),
      ],
      answered: {
        encrypted: 'Cognito encrypts every user pool with a key of its own. For a key of yours, give a user pool of yours.',
        private: 'Only an administrator lists people. A client of this project reads no attribute of them.',
        undelete: 'Cognito has no backup. A person who is deleted is invited again.',
        rings: 'The alarms are on its clients. Rejected tokens are client errors of the API, which have an alarm there.',
      },
      costs: 'It is billed by the number of people who sign in within a month, which no load of events tells.',
      local: { UserPoolTier: NOT_RUN, ...nothing('AccountRecoverySetting', 'AdminCreateUserConfig', 'AutoVerifiedAttributes') },
    },
    [CLIENT]: {
      ...helps('client', [
        promised('known-callers', 'get tokens by client credentials or by a code, and not in the address of a page', isByCode, {
          'tokens are in the address of a page': set('AllowedOAuthFlows', ['implicit']),
        }),
        promised('known-callers', 'allow no sign-in by API', (client) => is(client, 'ExplicitAuthFlows', 'ALLOW_REFRESH_TOKEN_AUTH'), {
          'its people can sign in with a password by API': set('ExplicitAuthFlows', [
            'ALLOW_USER_PASSWORD_AUTH',
            'ALLOW_REFRESH_TOKEN_AUTH',
          ]),
          'its people can sign in by API as Cognito allows by default': set('ExplicitAuthFlows'),
        }),
        promised('known-callers', 'have scopes of a resource server only', hasOwnScopes, {
          'its tokens can change the data of a person': set('AllowedOAuthScopes', ['aws.cognito.signin.user.admin']),
        }),
        counted({
          rule: 'short-lived',
          must: 'have access tokens that are valid for a day at most',
          at: 'AccessTokenValidity',
          from: 5,
          to: 1440,
          weak: 14_400,
          worse: 'a stolen token is valid for ten days',
        }),
        setTo({
          rule: 'known-callers',
          must: 'not tell whether a person exists',
          at: 'PreventUserExistenceErrors',
          to: ['ENABLED'],
          weak: 'LEGACY',
          worse: 'it tells which people exist',
        }),
        setTo({
          rule: 'short-lived',
          must: 'revoke refresh tokens',
          at: 'EnableTokenRevocation',
          to: [true],
          weak: false,
          worse: 'a stolen refresh token cannot be revoked',
        }),
        ofMachines(
          setTo({
            rule: 'known-callers',
            must: 'have a secret, as a machine',
            at: 'GenerateSecret',
            to: [true],
            weak: false,
            worse: 'a machine needs no secret',
          }),
        ),
        ofPeople(
          setTo({
            rule: 'known-callers',
            must: 'have no secret, as an app of people, where everybody could read it',
            at: 'GenerateSecret',
            to: [false],
            weak: true,
            worse: 'an app has a secret',
          }),
        ),
        ofPeople(
          promised('tls-only', 'send codes over TLS, to this machine, or to an app', isSafe, {
            'a code is sent without TLS': set('CallbackURLs', ['http://app.example.com/']),
          }),
        ),
        ofPeople(alarmOn('SignInThrottles', 'have an alarm at the first person who cannot sign in because of a quota')),
        ofPeople(
          promised('has-pages', 'have a style, without which its pages show an error', (client, stack) => hasStyle(client, stack), {
            'people cannot sign in': remove(every(STYLE)),
          }),
        ),
      ]),
      flow: (client, seen) => [asks(client, seen)],
      costs: (client, { events }) => [
        {
          what: 'a machine, by the month',
          price: 'cognitoMachine',
          units: isMachine(client) ? 1 : 0,
          lower: 'Leave `authorizer` of the entry out, and let machines sign with IAM. It is free of charge.',
        },
        {
          what: 'tokens, one machine that keeps each until it expires',
          price: 'cognitoTokens',
          units: isMachine(client) && events > 0 ? (HOURS * 60) / amount(client, 'AccessTokenValidity') : 0,
          lower: 'A longer `tokenValidity`, up to a day.',
        },
      ],
    },
    [SERVER]: helps('resource server', [
      promised('known-callers', 'have its scopes checked by each method that takes tokens', checksScopes, {
        'every person of the pool can send with an identity token': set('AuthorizationScopes', undefined, (_, draft) =>
          every(METHOD)({} as Asked, draft),
        ),
        'tokens of another resource server are accepted': set('AuthorizationScopes', ['openid'], (_, draft) =>
          every(METHOD)({} as Asked, draft),
        ),
      }),
    ]),
    [DOMAIN]: helps('domain of a user pool'),
    [STYLE]: helps('style of the pages of a client'),
  },
};

function nothing(...settings: readonly string[]) {
  return Object.fromEntries(settings.map((setting) => [setting, 'no effect here' as const]));
}

function isMachine(client: Asked): boolean {
  return is(client, 'AllowedOAuthFlows', 'client_credentials');
}

function isByCode(client: Asked): boolean {
  return is(client, 'AllowedOAuthFlows', 'client_credentials', 'code');
}

function hasOwnScopes(client: Asked): boolean {
  const scopes = client.get('AllowedOAuthScopes');
  return scopes.length > 0 && scopes.every((scope) => JSON.stringify(scope).includes('/'));
}

/** Addresses that are known only at deploy are checked by the parameter. */
function isSafe(client: Asked): boolean {
  const addresses = client.get('CallbackURLs');
  return addresses.length > 0 && addresses.every((one) => typeof one !== 'string' || ADDRESS.test(one));
}

function hasStyle(client: Asked, stack: Stack): boolean {
  return stack.of(STYLE).some((style) => names(style, 'ClientId', client));
}

function checksScopes(server: Asked, stack: Stack): boolean {
  const [identifier] = server.get('Identifier');
  const known = new Set(server.get('Scopes.ScopeName').map((scope) => `${identifier}/${scope}`));
  const methods = stack.of(METHOD).filter((method) => is(method, 'AuthorizationType', 'COGNITO_USER_POOLS'));
  return methods.every((method) => {
    const scopes = method.get('AuthorizationScopes');
    return scopes.length > 0 && scopes.every((scope) => known.has(String(scope)));
  });
}

/** A machine or a person gets a token. */
function asks(client: Asked, seen: Seen): Step {
  const [pool = client] = client.refers('UserPoolId').filter(({ type }) => type === POOL);
  const minutes = amount(client, 'AccessTokenValidity');
  return {
    from: 'client',
    how: joined(isMachine(client) ? 'secret of a machine' : 'sign-in of a person', `token for ${minutes} min`),
    to: client.stage,
    notes: seen.tell(pool),
    between: ['client', pool.id],
  };
}
