import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { App, CfnParameter, Duration, Stack } from 'aws-cdk-lib';
import { AwsIntegration, RestApi } from 'aws-cdk-lib/aws-apigateway';
import { UserPool, UserPoolIdentityProviderOidc } from 'aws-cdk-lib/aws-cognito';
import { SqsBuffer } from '../../../../aws/buffer/sqs/sqs-buffer';
import { ApiGatewayEntry } from '../../../../aws/connect/api-gateway/api-gateway-entry';
import { ApiGatewayLookup } from '../../../../aws/connect/api-gateway/api-gateway-lookup';
import { CognitoAuthorizer, type CognitoAuthorizerProps } from '../../../../aws/connect/cognito/cognito-authorizer';
import { AwsCognito } from '../../../../aws/connect/cognito/example';
import { DynamoDbStore } from '../../../../aws/store/dynamodb/dynamodb-store';
import { removalOf, synthesize } from '../../../support/cdk';
import { documentedDefaults } from '../../../support/defaults';
import { expectSnapshot } from '../../../support/snapshot';

const CALLBACK = 'http://localhost:8080/';
const PEOPLE = { kind: 'people', callbackUrls: [CALLBACK] } as const;
const CLIENT = 'AWS::Cognito::UserPoolClient';
const METHOD = 'AWS::ApiGateway::Method';

type Settings = CognitoAuthorizerProps | ((stack: Stack) => CognitoAuthorizerProps);
type Act = (senders: CognitoAuthorizer, stack: Stack) => unknown;

function make(settings: Settings = {}, act?: Act, context?: Record<string, unknown>) {
  return synthesize((stack) => {
    const senders = new CognitoAuthorizer(stack, 'Senders', typeof settings === 'function' ? settings(stack) : settings);
    act?.(senders, stack);
    return senders;
  }, context);
}
const entry =
  (...scopes: [] | [readonly string[]]): Act =>
  (senders, stack) =>
    new ApiGatewayEntry(stack, 'Connect', {
      sink: new SqsBuffer(stack, 'Buffer'),
      eventSchema: {},
      ...senders.forApi('Events', ...scopes),
    });

test('the snapshot', () => {
  const { built, madeBy } = make({ clients: { studio: { kind: 'machine' }, app: PEOPLE } }, entry());
  expectSnapshot(
    'aws/connect/cognito/cognito-authorizer.snapshot.yaml',
    'Only administrators add people, who need a second factor. Machines have a secret, apps of people have none, and all tokens have scopes.',
    Object.fromEntries(Object.entries(madeBy(built)).filter(([, { Type }]) => !/Alarm/.test(Type))),
  );
});

test('documents the defaults that it has', () => {
  const { one } = make();
  const { AccessTokenValidity, TokenValidityUnits } = one(CLIENT).Properties;
  expect([AccessTokenValidity, TokenValidityUnits.AccessToken]).toEqual([60, 'minutes']);
  expect(documentedDefaults('aws/connect/cognito/cognito-authorizer.ts', 'CognitoAuthorizerProps')).toEqual({
    resourceServer: one('AWS::Cognito::UserPoolResourceServer').Properties.Identifier,
    tokenValidity: '1 hour',
    removal: removalOf(one('AWS::Cognito::UserPool').DeletionPolicy),
  });
});

describe('an API', () => {
  test('accepts only tokens with the scope', () =>
    expect(make({}, entry()).one(METHOD).Properties).toMatchObject({
      AuthorizationType: 'COGNITO_USER_POOLS',
      AuthorizationScopes: ['events/write'],
    }));

  test('for events and one for look-ups have a scope each, of the same user pool', () => {
    const { all } = make({ scopes: { write: 'Send.', read: 'Look up.' } }, (senders, stack) => {
      entry(['write'])(senders, stack);
      const store = new DynamoDbStore(stack, 'Store', { lookUpBy: 'subject' });
      new ApiGatewayLookup(stack, 'LookUp', { store, ...senders.forApi('Rows', ['read']) });
    });
    expect(all(METHOD).map(({ Properties }) => Properties.AuthorizationScopes)).toEqual([['events/write'], ['events/read']]);
    const [one, other] = all('AWS::ApiGateway::Authorizer').map(({ Properties }) => Properties.ProviderARNs);
    expect(one).toEqual(other);
  });

  test('without scopes is refused, because the identity token of every person would do', () => {
    const message = (path: string) =>
      `Test/Senders: a method with its authorizer must have authorizationScopes, got none at Test/${path}. Without them, API Gateway accepts the identity token of every person, and no machine. Give both settings of forApi.`;
    const withoutScopes: Act = (senders, stack) => {
      const { authorizer } = senders.forApi('Events');
      new ApiGatewayEntry(stack, 'Connect', { sink: new SqsBuffer(stack, 'Buffer'), eventSchema: {}, authorizer });
    };
    expect(() => make({}, withoutScopes)).toThrow(new Error(message('Connect/Api/Default/events/POST/Resource')));
    const ofAnother: Act = (senders, stack) => {
      const { authorizer } = senders.forApi('Events');
      new RestApi(stack, 'Other').root.addMethod('GET', new AwsIntegration({ service: 'sqs', path: '/' }), { authorizer });
    };
    expect(() => make({}, ofAnother)).toThrow(new Error(message('Other/Default/GET/Resource')));
  });

  test('without this authorizer is not its business', () => {
    const sign: Act = (_, stack) => new ApiGatewayEntry(stack, 'Connect', { sink: new SqsBuffer(stack, 'Buffer'), eventSchema: {} });
    expect(make({}, sign).one(METHOD).Properties.AuthorizationType).toBe('AWS_IAM');
  });

  test('logs who called', () => {
    const { Format } = make({}, entry()).one('AWS::ApiGateway::Stage').Properties.AccessLogSetting;
    expect(JSON.parse(Format).caller).toBe('$context.authorizer.claims.sub');
  });
});

describe('people', () => {
  const pool = make().one('AWS::Cognito::UserPool').Properties;

  test('are added by an administrator, and need a second factor that is no text message', () => {
    expect(pool).toMatchObject({
      AdminCreateUserConfig: { AllowAdminCreateUserOnly: true },
      MfaConfiguration: 'ON',
      EnabledMfas: ['SOFTWARE_TOKEN_MFA'],
    });
    expect(make().all('AWS::IAM::Role')).toEqual([]);
  });

  test('get a code, for which their app gets a token without a secret', () =>
    expect(make({ clients: { app: { ...PEOPLE, logoutUrls: ['studio://out'] } } }).one(CLIENT).Properties).toMatchObject({
      AllowedOAuthFlows: ['code'],
      GenerateSecret: false,
      CallbackURLs: [CALLBACK],
      LogoutURLs: ['studio://out'],
      RefreshTokenValidity: 1440,
    }));

  test('see pages of Cognito, which need a style for each app', () => {
    const { all, one } = make({ clients: { app: PEOPLE, other: PEOPLE } });
    expect(all('AWS::Cognito::ManagedLoginBranding')).toHaveLength(2);
    expect(one('AWS::Cognito::UserPoolDomain').Properties.ManagedLoginVersion).toBe(2);
  });

  test('can sign in with the identity providers of a pool that is brought', () => {
    const { all } = make((stack) => {
      const userPool = new UserPool(stack, 'Mine');
      const clientSecret = 'unused';
      const provider = { name: 'Acme', clientId: 'c', clientSecret, issuerUrl: 'https://login.example.com', userPool };
      userPool.registerIdentityProvider(new UserPoolIdentityProviderOidc(stack, 'Acme', provider));
      return { userPool, clients: { app: PEOPLE } };
    });
    expect(all(CLIENT)[0]!.Properties.SupportedIdentityProviders).toHaveLength(2);
  });
});

describe('a machine', () => {
  test('gets a token for its secret, with the scopes that it may have', () => {
    const { one } = make({ scopes: { write: 'Send.', read: 'Look up.' }, clients: { studio: { kind: 'machine', scopes: ['read'] } } });
    expect(one(CLIENT).Properties).toMatchObject({
      AllowedOAuthFlows: ['client_credentials'],
      AllowedOAuthScopes: [{ 'Fn::Join': ['', [{ Ref: expect.stringMatching(/^SendersScopes/) }, '/read']] }],
      GenerateSecret: true,
    });
    expect(one(CLIENT).Properties).not.toHaveProperty('CallbackURLs');
  });

  test('keeps a token as long as the setting says', () =>
    expect(make({ tokenValidity: Duration.minutes(15) }).one(CLIENT).Properties.AccessTokenValidity).toBe(15));
});

describe('the domain', () => {
  test('is unique in the region, from the id of the stack, and has no word that Cognito refuses', () => {
    const { Domain } = make().one('AWS::Cognito::UserPoolDomain').Properties;
    const text = JSON.stringify(Domain);
    expect(text).toContain('"AWS::StackId"');
    expect(Domain['Fn::Join'][1][0]).toMatch(/^events-[0-9a-f]{8}-$/);
  });

  test('is the one of the settings', () =>
    expect(make({ domainPrefix: 'acme-events' }).one('AWS::Cognito::UserPoolDomain').Properties.Domain).toBe('acme-events'));

  test('of a pool that is there is used, and the pool is left as it is', () => {
    const { built, all, one } = make((stack) => ({
      userPool: UserPool.fromUserPoolId(stack, 'Mine', 'eu-west-1_mine'),
      domain: 'auth.example.com',
    }));
    expect(built.url).toBe('https://auth.example.com');
    expect([...all('AWS::Cognito::UserPool'), ...all('AWS::Cognito::UserPoolDomain')]).toEqual([]);
    expect(one(CLIENT).Properties.UserPoolId).toBe('eu-west-1_mine');
  });
});

test('with both keys the pool is deleted with its stack, and nothing stands in the way', () => {
  const { Properties, DeletionPolicy } = make({ removal: 'destroy' }, undefined, { destroyData: 'yes' }).one('AWS::Cognito::UserPool');
  expect([DeletionPolicy, Properties.DeletionProtection]).toEqual(['Delete', 'INACTIVE']);
});

describe('the commands', () => {
  const { built } = make((stack) => ({
    userPool: UserPool.fromUserPoolId(stack, 'Mine', 'eu-west-1_mine'),
    domain: 'auth.example.com',
    clients: { studio: { kind: 'machine' }, app: PEOPLE },
  }));
  /** Runs a command with the ids that a deploy would give, and with an AWS CLI and a curl that print what they are asked. */
  const run = (command: string, input = '') => {
    const written = command.replaceAll(/\$\{Token\[\w+\.\d+\]\}/g, 'client-1');
    const tools =
      'aws() { test "$2" = describe-user-pool-client && printf secret-1; }; ' +
      'curl() { printf \'{"access_token":"%s","expires_in":3600}\' "$*"; }';
    const { stdout, stderr } = spawnSync('bash', ['--noprofile', '--norc', '-c', `${tools}; ${written}; printf %s "$TOKEN"`], {
      encoding: 'utf8',
      input,
    });
    expect(stderr).toBe('');
    return stdout;
  };

  test('get a token for a machine, whose secret is in no template', () => {
    const command = built.tokenCommand('studio');
    expect(command).toContain('aws cognito-idp describe-user-pool-client --user-pool-id eu-west-1_mine --client-id');
    expect(run(command)).toBe(
      '-fsS -u client-1:secret-1 -d grant_type=client_credentials --data-urlencode scope=events/write https://auth.example.com/oauth2/token',
    );
  });

  test('get a token for a person, with PKCE', () => {
    const [address, asked] = run(built.signInCommand('app'), 'code-1\n').split('\n');
    const { origin, pathname, searchParams } = new URL(address!);
    const { code_challenge, ...query } = Object.fromEntries(searchParams);
    expect(origin + pathname).toBe('https://auth.example.com/oauth2/authorize');
    expect(query).toEqual({
      response_type: 'code',
      client_id: 'client-1',
      redirect_uri: CALLBACK,
      scope: 'events/write',
      code_challenge_method: 'S256',
    });
    const [, verifier] = /code_verifier=([0-9a-f]{64}) /.exec(asked!) ?? [];
    expect(createHash('sha256').update(verifier!).digest('base64url')).toBe(code_challenge);
    expect(asked).toContain(`-d client_id=client-1 --data-urlencode redirect_uri=${CALLBACK} -d code=code-1 -d code_verifier=`);
  });

  test('of the example fit into outputs, and none has a secret', () => {
    const outputs = Object.values(new AwsCognito(new App(), 'aws-cognito').node.children).flatMap((child) =>
      'value' in child ? [String((child as { value: string }).value)] : [],
    );
    expect(outputs.length).toBeGreaterThan(5);
    expect(Math.max(...outputs.map(({ length }) => length))).toBeLessThan(1024);
    expect(outputs.join()).not.toContain('ClientSecret}');
    expect(JSON.stringify(make({}, entry()).resources)).not.toMatch(/ClientSecret/);
  });

  test.each<[string, () => unknown, string]>([
    [
      'a machine that is not there',
      () => built.tokenCommand('app'),
      'Test/Senders: the client must be one of kind machine, got "app". Known: studio.',
    ],
    [
      'people where there are none',
      () => make().built.signInCommand('sender'),
      'Test/Senders: the client must be one of kind people, got "sender". There is none: add it to clients.',
    ],
  ])('refuse %s', (_, act, message) => expect(act).toThrow(new Error(message)));
});

describe('refuses', () => {
  const app = (...callbackUrls: string[]) => ({ clients: { app: { kind: 'people', callbackUrls } as const } });
  const addresses =
    'clients.app.callbackUrls must be addresses with https, http for localhost, or the scheme of an app, and without a fragment or a quotation mark, got';
  const written = "Write them like ['https://app.example.com/signed-in'].";

  test.each<[string, () => unknown, string]>([
    [
      'no client',
      () => make({ clients: {} }),
      "clients must have at least one client, got none. Write them like { studio: { kind: 'machine' } }.",
    ],
    [
      'a name with a hyphen',
      () => make({ clients: { 'my-app': { kind: 'machine' } } }),
      'clients must be named in letters and digits, a letter first, got "my-app". Write them like { studio: { kind: \'machine\' } }.',
    ],
    [
      'another kind',
      () => make({ clients: { app: { kind: 'robot' as never } } }),
      'clients.app.kind must be machine or people, got "robot". Machines have a secret, people sign in.',
    ],
    [
      'people without an address',
      () => make({ clients: { app: { kind: 'people' } } }),
      'clients.app.callbackUrls must have an address, got none. Without one, the app of people gets no code.',
    ],
    [
      'a machine with an address',
      () => make({ clients: { app: { kind: 'machine', callbackUrls: [CALLBACK] } } }),
      'clients.app.kind must be people with callbackUrls or logoutUrls, got "machine". A machine has no browser. For people, set kind to \'people\'.',
    ],
    ['http', () => make(app('http://example.com/')), `${addresses} "http://example.com/". ${written}`],
    [
      'a host that only begins like localhost',
      () => make(app('http://localhost.example.com/')),
      `${addresses} "http://localhost.example.com/". ${written}`,
    ],
    [
      'a scope that does not exist',
      () => make({ clients: { studio: { kind: 'machine', scopes: ['read'] } } }),
      'clients.studio.scopes must be a list with some of write, got "read". Or add the scope to scopes.',
    ],
    [
      'an API with a scope that does not exist',
      () => make({}, (senders) => senders.forApi('Rows', ['read'])),
      `scopes of forApi('Rows') must be a list with some of write, got "read". Or add the scope to scopes.`,
    ],
    [
      'an API without a scope',
      () => make({}, (senders) => senders.forApi('Rows', [])),
      `scopes of forApi('Rows') must be a list with some of write, got none. Or add the scope to scopes.`,
    ],
    ['no scopes', () => make({ scopes: {} }), "scopes must have at least one scope, got none. Write them like { write: 'Send events.' }."],
    [
      'a scope with a slash',
      () => make({ scopes: { 'events/write': 'Send events.' } }),
      'scopes must be named in letters, digits, dots, underscores and hyphens, a letter first, got "events/write". Write them like { write: \'Send events.\' }.',
    ],
    [
      'a scope without a description',
      () => make({ scopes: { write: '' } }),
      'scopes.write must have a description of 1 to 256 characters, got "". Write them like { write: \'Send events.\' }.',
    ],
    [
      'a token for two days',
      () => make({ tokenValidity: Duration.days(2) }),
      'tokenValidity must be 300 to 86400 seconds, got 172800. Cognito allows 5 minutes to 1 day.',
    ],
    [
      'a token for a minute',
      () => make({ tokenValidity: Duration.minutes(1) }),
      'tokenValidity must be 300 to 86400 seconds, got 60. Cognito allows 5 minutes to 1 day.',
    ],
    [
      'a token for half a minute more',
      () => make({ tokenValidity: Duration.seconds(330) }),
      'tokenValidity must be in whole minutes, got 330 seconds. Write it like Duration.minutes(60).',
    ],
    [
      'a token that is known only at deploy',
      () => make((stack) => ({ tokenValidity: Duration.seconds(new CfnParameter(stack, 'Seconds', { type: 'Number' }).valueAsNumber) })),
      'tokenValidity must be in whole minutes, got a length of time that is known only at deploy. Write it like Duration.minutes(60).',
    ],
    ...['my-aws-events', 'amazonas', 'cognitos', 'Events', 'events-', ''].map((domainPrefix): [string, () => unknown, string] => [
      `the prefix "${domainPrefix}"`,
      () => make({ domainPrefix }),
      `domainPrefix must be 1 to 63 lower-case letters, digits and hyphens, without aws, amazon and cognito, got "${domainPrefix}". It must be unique in the region over all accounts: leave it out for one that is.`,
    ]),
    [
      'a domain without its pool',
      () => make({ domain: 'auth.example.com' }),
      'domain must be the one of userPool, got no userPool. Give both, or domainPrefix.',
    ],
    [
      'a domain that is an address',
      () => make({ domain: 'https://auth.example.com' }),
      'domain must be the name of a host, got "https://auth.example.com". Write it like \'auth.example.com\'. See aws cognito-idp describe-user-pool.',
    ],
    [
      'two domains',
      () => make((stack) => ({ userPool: new UserPool(stack, 'Mine'), domain: 'auth.example.com', domainPrefix: 'mine' })),
      'domain keeps its own settings, got domainPrefix beside it. Leave domainPrefix out.',
    ],
    [
      'the removal of a pool that is there',
      () => make((stack) => ({ userPool: new UserPool(stack, 'Mine'), removal: 'retain' })),
      'userPool keeps its own settings, got removal beside it. Leave removal out.',
    ],
    [
      'one key to destroy',
      () => make({ removal: 'destroy' }),
      `removal 'destroy' needs the context destroyData to be "yes", got nothing. Set DESTROY_DATA=yes in the environment of this command, or leave removal out to keep the data.`,
    ],
  ])('%s', (_, act, message) => expect(act).toThrow(new Error(`Test/Senders: ${message}`)));

  test('a user pool of another account', () => {
    const stack = new Stack(undefined, 'Test', { env: { account: '210987654321', region: 'eu-west-1' } });
    const userPool = UserPool.fromUserPoolArn(stack, 'Mine', 'arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_mine');
    expect(() => new CognitoAuthorizer(stack, 'Senders', { userPool })).toThrow(
      new Error(
        'Test/Senders: userPool must be of account 210987654321 and region eu-west-1, as its stack is, got one of 123456789012 in eu-west-1. Its clients are created in the account of the stack: use a pool of this account and region.',
      ),
    );
  });
});
