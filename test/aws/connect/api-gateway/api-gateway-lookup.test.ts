import type { Stack } from 'aws-cdk-lib';
import { CognitoUserPoolsAuthorizer } from 'aws-cdk-lib/aws-apigateway';
import { UserPool } from 'aws-cdk-lib/aws-cognito';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { ApiGatewayLookup, type ApiGatewayLookupProps } from '../../../../aws/connect/api-gateway/api-gateway-lookup';
import type { TableStore } from '../../../../aws/ports/stores';
import { synthesize } from '../../../support/cdk';
import { documentedDefaults } from '../../../support/defaults';
import { expectSnapshot } from '../../../support/snapshot';

const STORE: TableStore = {
  bindWriter: () => ({ settings: {}, waitFor: [] }),
  bindReader: (_, name) => ({
    settings: { [`${name}_TABLE`]: 'rows', [`${name}_LOOK_UP_BY`]: 'phone', [`${name}_INDEX`]: 'by-phone' },
    waitFor: [],
  }),
};
const make = (props: Partial<ApiGatewayLookupProps> = {}) =>
  synthesize((stack) => new ApiGatewayLookup(stack, 'LookUp', { store: STORE, ...props }));
const people = (stack: Stack) =>
  new CognitoUserPoolsAuthorizer(stack, 'Login', { cognitoUserPools: [UserPool.fromUserPoolId(stack, 'People', 'eu-west-1_people')] });
const METHOD = 'AWS::ApiGateway::Method';
const variablesOf = ({ one }: ReturnType<typeof make>) => one('AWS::Lambda::Function').Properties.Environment.Variables;

test('the snapshot', () => {
  const { built, madeBy } = make();
  const kept = Object.entries(madeBy(built)).filter(([, { Type }]) => /Method|RequestValidator|Function|Policy/.test(Type));
  expectSnapshot(
    'aws/connect/api-gateway/api-gateway-lookup.snapshot.yaml',
    'Only GET /rows exists, signed and with a key. API Gateway may call one function. Logs, stage and alarms are those of ApiGatewayEntry.',
    Object.fromEntries(kept),
  );
});

test('documents the defaults that it has', () => {
  const made = make();
  const { MethodSettings } = made.one('AWS::ApiGateway::Stage').Properties;
  const retentions = new Set(made.all('AWS::Logs::LogGroup').map(({ Properties }) => Properties.RetentionInDays));
  expect([...retentions]).toEqual([30]);
  expect(documentedDefaults('aws/connect/api-gateway/api-gateway-lookup.ts', 'ApiGatewayLookupProps')).toEqual({
    maxRows: variablesOf(made).MAX_ROWS,
    rateLimit: String(MethodSettings[0].ThrottlingRateLimit),
    burstLimit: String(MethodSettings[0].ThrottlingBurstLimit),
    logRetention: 'one month',
    accountLogRole: made.all('AWS::ApiGateway::Account').length === 0 ? 'existing' : 'create',
  });
});

test('tells the function how many rows to return, and which if there are none', () => {
  expect(variablesOf(make({ maxRows: 1, defaultRows: [{ language: 'en' }] }))).toEqual({
    STORE_TABLE: 'rows',
    STORE_LOOK_UP_BY: 'phone',
    STORE_INDEX: 'by-phone',
    MAX_ROWS: '1',
    DEFAULT_ROWS: '[{"language":"en"}]',
  });
});

test('has one method, which reads, and which nobody may call without IAM or the given authorizer', () => {
  expect(make().one(METHOD).Properties).toMatchObject({
    HttpMethod: 'GET',
    AuthorizationType: 'AWS_IAM',
    RequestParameters: { 'method.request.querystring.key': true },
    RequestValidatorId: expect.anything(),
  });
  const { one } = synthesize(
    (stack) => new ApiGatewayLookup(stack, 'LookUp', { store: STORE, authorizer: people(stack), authorizationScopes: ['rows/read'] }),
  );
  expect(one(METHOD).Properties).toMatchObject({ AuthorizationType: 'COGNITO_USER_POOLS', AuthorizationScopes: ['rows/read'] });
});

test('the reason for no cache is one of look-ups: they are sent by GET, which API Gateway could cache', () => {
  const { skip } = (make().one('AWS::ApiGateway::Stage') as any).Metadata.checkov;
  expect(skip).toEqual([
    { id: 'CKV_AWS_120', comment: 'A cache costs by the hour, and a cached answer would leave out rows that were stored since.' },
  ]);
});

test('grantLookUp allows GET /rows, and nothing else', () => {
  const { built, allowed } = synthesize((stack) => {
    const caller = new Role(stack, 'Caller', { assumedBy: new ServicePrincipal('ec2.amazonaws.com') });
    new ApiGatewayLookup(stack, 'LookUp', { store: STORE }).grantLookUp(caller);
    return caller;
  });
  expect(allowed(built)).toEqual([expect.objectContaining({ Action: 'execute-api:Invoke' })]);
  expect(JSON.stringify(allowed(built))).toContain('/GET/rows');
});

test('the API is reachable only after it may call the function', () => {
  const { one, resources } = make();
  const calls = Object.entries(resources).filter(([, resource]) => JSON.stringify(resource).includes('lambda:InvokeFunction'));
  expect(calls).toHaveLength(1);
  expect(one('AWS::ApiGateway::Stage').DependsOn).toContain(calls[0]![0]);
});

describe('refuses', () => {
  test.each<[string, () => unknown, string]>([
    [
      'more rows than an answer should have',
      () => make({ maxRows: 101 }),
      'Test/LookUp: maxRows must be 1 to 100 rows, got 101. For more rows, query the table itself.',
    ],
    [
      'default rows that are none',
      () => make({ defaultRows: ['x'] as never }),
      'Test/LookUp: defaultRows must be a list of objects, got a list. Write them like [{ language: "en" }].',
    ],
    [
      'default rows that do not fit into the settings of a function',
      () => make({ defaultRows: [{ text: 'x'.repeat(2048) }] }),
      'Test/LookUp: defaultRows must be at most 2048 bytes of JSON, got 2061. Lambda allows 4 KB for all variables.',
    ],
    [
      'a store without an index',
      () =>
        make({ store: { ...STORE, bindReader: () => ({ settings: { STORE_TABLE: 'rows', STORE_LOOK_UP_BY: 'eventKey' }, waitFor: [] }) } }),
      'Test/LookUp: store must return STORE_INDEX, got STORE_TABLE and STORE_LOOK_UP_BY. Give a DynamoDbStore with lookUpBy: the function queries its index.',
    ],
    [
      'a permission that another authorizer does not read',
      () =>
        synthesize((stack) =>
          new ApiGatewayLookup(stack, 'LookUp', { store: STORE, authorizer: people(stack) }).grantLookUp(
            new Role(stack, 'Caller', { assumedBy: new ServicePrincipal('ec2.amazonaws.com') }),
          ),
        ),
      'Test/LookUp: grantLookUp requires IAM authorization, got an authorizer. Allow the callers in the authorizer.',
    ],
  ])('%s', (_, act, message) => expect(act).toThrow(new Error(message)));
});
