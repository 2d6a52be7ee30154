import { Stack } from 'aws-cdk-lib';
import { CognitoUserPoolsAuthorizer } from 'aws-cdk-lib/aws-apigateway';
import { UserPool } from 'aws-cdk-lib/aws-cognito';
import { Grant, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Stream } from 'aws-cdk-lib/aws-kinesis';
import { Key } from 'aws-cdk-lib/aws-kms';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import fc from 'fast-check';
import { KinesisBuffer } from '../../../../aws/buffer/kinesis/kinesis-buffer';
import { ApiGatewayEntry, type ApiGatewayEntryProps } from '../../../../aws/connect/api-gateway/api-gateway-entry';
import type { RecordSink, RecordTemplate } from '../../../../aws/ports/records';
import { renderVtl } from '../../../../local/aws/api-gateway/mapping-template';
import eventContract from '../../../../shared/runtime/event.schema.json';
import { answerOf } from '../../../support/api-gateway';
import { synthesize } from '../../../support/cdk';
import { documentedDefaults } from '../../../support/defaults';
import { anEvent } from '../../../support/events';
import { expectSnapshot } from '../../../support/snapshot';

const eventSchema = { type: 'object', required: ['id'] };

const make = (props: Partial<ApiGatewayEntryProps> = {}) =>
  synthesize((stack) => new ApiGatewayEntry(stack, 'Connect', { sink: new KinesisBuffer(stack, 'Buffer'), eventSchema, ...props }));

/** The method for events, and its integration. */
function takesEvents(props?: Partial<ApiGatewayEntryProps>) {
  const { Properties: method } = make(props).one('AWS::ApiGateway::Method');
  return { method, integration: method.Integration };
}

/** A mapping template as text, with a name instead of each reference to a resource. */
function textOf(template: string | { 'Fn::Join': [string, (string | object)[]] }): string {
  if (typeof template === 'string') return template;
  return template['Fn::Join'][1].map((part) => (typeof part === 'string' ? part : 'the-stream')).join('');
}

test('the snapshot', () => {
  const { built, madeBy } = make();
  expectSnapshot(
    'aws/connect/api-gateway/api-gateway-entry.snapshot.yaml',
    'Senders sign with IAM, events are validated before they are put, and the role may only put records on one stream.',
    madeBy(built),
  );
});

test('documents the defaults that it has', () => {
  const { one, all } = make();
  const [{ ThrottlingRateLimit, ThrottlingBurstLimit }] = one('AWS::ApiGateway::Stage').Properties.MethodSettings;
  expect(documentedDefaults('aws/connect/api-gateway/api-gateway-entry.ts', 'ApiGatewayEntryProps')).toEqual({
    rateLimit: `${ThrottlingRateLimit}`,
    burstLimit: `${ThrottlingBurstLimit}`,
    logRetention: { '30,30': 'one month' }[String(all('AWS::Logs::LogGroup').map(({ Properties }) => Properties.RetentionInDays))],
    accountLogRole: all('AWS::ApiGateway::Account').length === 0 ? 'existing' : 'create',
  });
});

test('accepts every setting', () => {
  const { one, all } = make({ rateLimit: 50, burstLimit: 75, logRetention: RetentionDays.ONE_YEAR, accountLogRole: 'create' });
  expect(one('AWS::ApiGateway::Stage').Properties.MethodSettings).toEqual([
    expect.objectContaining({ ThrottlingRateLimit: 50, ThrottlingBurstLimit: 75 }),
  ]);
  expect(all('AWS::Logs::LogGroup').map(({ Properties }) => Properties.RetentionInDays)).toEqual([365, 365]);
});

test('uses an existing log group', () => {
  const { one, all } = synthesize((stack) => {
    const accessLog = LogGroup.fromLogGroupArn(stack, 'Log', 'arn:aws:logs:eu-west-1:123456789012:log-group:mine');
    return new ApiGatewayEntry(stack, 'Connect', { sink: new KinesisBuffer(stack, 'Buffer'), eventSchema, accessLog });
  });
  expect(all('AWS::Logs::LogGroup').map(({ Properties }) => textOf(Properties.LogGroupName))).toEqual([
    expect.stringMatching(/^API-Gateway-Execution-Logs_/),
  ]);
  const { DestinationArn } = one('AWS::ApiGateway::Stage').Properties.AccessLogSetting;
  expect(textOf(DestinationArn)).toMatch(/:log-group:mine$/);
});

test('an authorizer replaces IAM', () => {
  const { one } = synthesize((stack) => {
    const cognitoUserPools = [UserPool.fromUserPoolId(stack, 'Users', 'eu-west-1_users')];
    const authorizer = new CognitoUserPoolsAuthorizer(stack, 'Authorizer', { cognitoUserPools });
    return new ApiGatewayEntry(stack, 'Connect', { sink: new KinesisBuffer(stack, 'Buffer'), eventSchema, authorizer });
  });
  expect(one('AWS::ApiGateway::Method').Properties).toMatchObject({
    AuthorizationType: 'COGNITO_USER_POOLS',
    AuthorizerId: { Ref: expect.stringContaining('Authorizer') },
  });
});

test('can be created twice in one stack, each with its own name in the metrics', () => {
  const { all } = synthesize((stack) => {
    const sink = new KinesisBuffer(stack, 'Buffer');
    return [new ApiGatewayEntry(stack, 'A', { sink, eventSchema }), new ApiGatewayEntry(stack, 'B', { sink, eventSchema })];
  });
  expect(new Set(all('AWS::ApiGateway::RestApi').map(({ Properties }) => Properties.Name)).size).toBe(2);
});

test('callers sign their requests', () => {
  expect(takesEvents().method.AuthorizationType).toBe('AWS_IAM');
});

test('POST /events is the only method of the API', () => {
  const { all, one } = make();
  expect(all('AWS::ApiGateway::Method').map(({ Properties }) => Properties.HttpMethod)).toEqual(['POST']);
  expect(one('AWS::ApiGateway::Resource').Properties.PathPart).toBe('events');
  expect(one('AWS::ApiGateway::RestApi').Properties.EndpointConfiguration.Types).toEqual(['REGIONAL']);
});

test('a sender with a grant may post events, and call nothing else of the API', () => {
  const { built, allowed } = synthesize((stack) => {
    const connect = new ApiGatewayEntry(stack, 'Connect', { sink: new KinesisBuffer(stack, 'Buffer'), eventSchema });
    const sender = new Role(stack, 'Sender', { assumedBy: new ServicePrincipal('ec2.amazonaws.com') });
    connect.grantSend(sender);
    return sender;
  });
  const [{ Action, Resource }, ...others] = allowed(built) as [{ Action: string; Resource: { 'Fn::Join': [string, unknown[]] } }];
  expect([Action, Resource['Fn::Join'][1].at(-1), others]).toEqual(['execute-api:Invoke', '/POST/events', []]);
});

test('the command that sends an event signs with the credentials of the AWS CLI, and contains no key', () => {
  const { built } = make();
  const command = textOf(Stack.of(built).resolve(built.curl));
  expect(command).toMatch(/^eval "\$\(aws configure export-credentials --format env\)" && curl --aws-sigv4 aws:amz:/);
  expect(command).toContain('--user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY"');
  expect(command).toMatch(/\/events$/);
});

describe('with another authorizer', () => {
  const cognito = (stack: Stack) => {
    const cognitoUserPools = [UserPool.fromUserPoolId(stack, 'Pool', 'eu-west-1_abc')];
    return new CognitoUserPoolsAuthorizer(stack, 'Authorizer', { cognitoUserPools });
  };
  const withCognito = (authorizationScopes?: string[]) =>
    synthesize(
      (stack) =>
        new ApiGatewayEntry(stack, 'Connect', {
          sink: new KinesisBuffer(stack, 'Buffer'),
          eventSchema,
          authorizer: cognito(stack),
          authorizationScopes,
        }),
    );

  test('a machine sends an access token, which must have a scope', () => {
    expect(withCognito(['events/send']).one('AWS::ApiGateway::Method').Properties).toMatchObject({
      AuthorizationType: 'COGNITO_USER_POOLS',
      AuthorizationScopes: ['events/send'],
    });
    expect(withCognito().one('AWS::ApiGateway::Method').Properties).not.toHaveProperty('AuthorizationScopes');
  });

  test('the command that sends an event sends a token, and does not sign', () => {
    const { built } = withCognito(['events/send']);
    expect(textOf(Stack.of(built).resolve(built.curl))).toMatch(
      /^curl -H "Authorization: \$TOKEN" -H 'content-type: application\/json' -d @event.json https:.*\/events$/,
    );
    expect(built.curlNeeds).toBe(
      'Put a token of the user pool (an access token with one of the scopes, if authorizationScopes is set) into TOKEN.',
    );
  });

  test('grantSend is refused, because it would have no effect', () => {
    const { built } = withCognito();
    expect(() => built.grantSend(new Role(built, 'Sender', { assumedBy: new ServicePrincipal('ec2.amazonaws.com') }))).toThrow(
      new Error('Test/Connect: grantSend requires IAM authorization, got an authorizer. Allow the senders in the authorizer.'),
    );
  });

  test.each([
    ['scopes with IAM', () => make({ authorizationScopes: ['events/send'] }), 'scopes without one'],
    ['an empty list of scopes', () => withCognito([]), 'an empty list'],
  ])('refuses %s', (_, act, got) => {
    const message = `authorizationScopes must go with a Cognito authorizer, got ${got}. Set authorizer to a CognitoUserPoolsAuthorizer, or leave the scopes out.`;
    expect(act).toThrow(new Error(`Test/Connect: ${message}`));
  });
});

test('the access log cannot contain a token or an event', () => {
  const format: string = make().one('AWS::ApiGateway::Stage').Properties.AccessLogSetting.Format;
  const token = `'SECRET' not a valid key=value pair (missing equal-sign) in Authorization header: "Bearer SECRET".`;
  const line = format.replace(/\$context\.([\w.]+)/g, (_, key: string) =>
    /message|errorMessage|validationError/i.test(key) ? token : 'x',
  );
  expect(line).not.toContain('SECRET');
  expect(() => JSON.parse(line)).not.toThrow();
});

test('a new name of the stream deploys the API again', () => {
  const deploymentOf = (streamName: string) => {
    const { resources } = synthesize((stack) => {
      const stream = new Stream(stack, 'Orders', { streamName });
      return new ApiGatewayEntry(stack, 'Connect', { sink: new KinesisBuffer(stack, 'Buffer', { stream }), eventSchema });
    });
    return Object.keys(resources).find((id) => resources[id]!.Type === 'AWS::ApiGateway::Deployment');
  };
  expect(deploymentOf('orders-v2')).not.toBe(deploymentOf('orders'));
});

test('an imported stream is named by ARN, because a name means a stream of this account', () => {
  const { one } = synthesize((stack) => {
    const stream = Stream.fromStreamArn(stack, 'Mine', 'arn:aws:kinesis:us-east-1:999999999999:stream/orders');
    return new ApiGatewayEntry(stack, 'Connect', { sink: new KinesisBuffer(stack, 'Buffer', { stream }), eventSchema });
  });
  const [template] = Object.values<string>(one('AWS::ApiGateway::Method').Properties.Integration.RequestTemplates);
  expect(template).toContain('{"StreamARN":"arn:aws:kinesis:us-east-1:999999999999:stream/orders","Data":');
});

test('body and parameters are validated before the integration is called', () => {
  expect(make().one('AWS::ApiGateway::RequestValidator').Properties).toMatchObject({
    ValidateRequestBody: true,
    ValidateRequestParameters: true,
  });
});

test('the model is exactly the event contract', () => {
  expect(make({ eventSchema: eventContract }).one('AWS::ApiGateway::Model').Properties).toMatchObject({
    ContentType: 'application/json',
    Schema: eventContract,
  });
});

test('both content types of an event are validated and accepted; any other is rejected', () => {
  const { method, integration } = takesEvents();
  const both = ['application/json', 'application/cloudevents+json'];
  expect(Object.keys(method.RequestModels)).toEqual(both);
  expect(Object.keys(integration.RequestTemplates)).toEqual(both);
  expect(new Set(Object.values(integration.RequestTemplates).map((template) => JSON.stringify(template))).size).toBe(1);
  expect(integration.PassthroughBehavior).toBe('NEVER');
});

test('a sender of an event that does not match the contract gets the reason', () => {
  const { Properties } = make().one('AWS::ApiGateway::GatewayResponse');
  expect(Properties).toMatchObject({ ResponseType: 'BAD_REQUEST_BODY', StatusCode: '400' });
  expect(Properties.ResponseTemplates['application/json']).toContain('$context.error.validationErrorString');
});

test('the role may put records on this stream and use its key, and nothing else', () => {
  const { built, allowed } = synthesize((stack) => {
    const sink = new KinesisBuffer(stack, 'Buffer', { encryptionKey: new Key(stack, 'Key') });
    return new ApiGatewayEntry(stack, 'Connect', { sink, eventSchema });
  });
  expect(allowed(built).map(({ Action, Resource }) => [Action, Resource])).toEqual([
    ['kinesis:PutRecord', { 'Fn::GetAtt': [expect.stringMatching(/^BufferStream/), 'Arn'] }],
    ['kms:GenerateDataKey', { 'Fn::GetAtt': [expect.stringMatching(/^Key/), 'Arn'] }],
  ]);
});

test('only API Gateway may assume the role', () => {
  const { one } = make();
  expect(one('AWS::IAM::Role').Properties.AssumeRolePolicyDocument.Statement).toEqual([
    { Action: 'sts:AssumeRole', Effect: 'Allow', Principal: { Service: 'apigateway.amazonaws.com' } },
  ]);
});

test('every status that the integration answers with is declared in the method', () => {
  const { method, integration } = takesEvents();
  const answers = integration.IntegrationResponses.map(({ StatusCode }: { StatusCode: string }) => StatusCode);
  const declared = method.MethodResponses.map(({ StatusCode }: { StatusCode: string }) => StatusCode);
  expect(new Set(declared)).toEqual(new Set(answers));
  expect(declared).toHaveLength(new Set(declared).size);
});

test('the access log has a retention, the type of an error, and never an event', () => {
  const { one, all } = make();
  const { AccessLogSetting, MethodSettings, TracingEnabled } = one('AWS::ApiGateway::Stage').Properties;
  expect(all('AWS::Logs::LogGroup').map(({ Properties }) => Properties.RetentionInDays)).toEqual([30, 30]);
  expect(JSON.parse(AccessLogSetting.Format)).toMatchObject({
    caller: '$context.identity.userArn',
    error: '$context.error.responseType',
  });
  expect(AccessLogSetting.Format).not.toMatch(/body|input|payload|validation/i);
  expect(MethodSettings).toEqual([expect.objectContaining({ DataTraceEnabled: false, LoggingLevel: 'ERROR', MetricsEnabled: true })]);
  expect(TracingEnabled).toBe(true);
});

test('errors are logged to a group with a retention, which exists before API Gateway would create one without', () => {
  const { resources, one } = make();
  const [group] = Object.keys(resources).filter((id) => textOf(resources[id]!.Properties?.LogGroupName ?? '').endsWith('/prod'));
  expect(textOf(resources[group!]!.Properties.LogGroupName)).toBe('API-Gateway-Execution-Logs_the-stream/prod');
  expect(one('AWS::ApiGateway::Stage').Properties.StageName).toBe('prod');
  expect(one('AWS::ApiGateway::Stage').DependsOn).toContain(group);
});

test('the log role of the account is not changed, unless accountLogRole is create', () => {
  expect(make().all('AWS::ApiGateway::Account')).toEqual([]);
  const { one, resources } = make({ accountLogRole: 'create' });
  const [account] = Object.keys(resources).filter((id) => resources[id] === one('AWS::ApiGateway::Account'));
  expect(one('AWS::ApiGateway::Stage').DependsOn).toContain(account);
});

test('the API is deployed after the permissions of its role', () => {
  const { built, madeBy, one } = make();
  const [policy] = Object.keys(madeBy(built)).filter((id) => madeBy(built)[id]?.Type === 'AWS::IAM::Policy');
  expect(one('AWS::ApiGateway::Stage').DependsOn).toContain(policy);
});

test('the alarms watch this API', () => {
  const { built, madeBy, one } = make();
  const alarms = Object.values(madeBy(built)).filter(({ Type }) => Type === 'AWS::CloudWatch::Alarm');
  const metrics = alarms.flatMap(({ Properties }) => Properties.Metrics).flatMap(({ MetricStat }) => MetricStat?.Metric ?? []);
  const Dimensions = [{ Name: 'ApiName', Value: one('AWS::ApiGateway::RestApi').Properties.Name }];
  expect(metrics).toEqual(
    ['5XXError', 'Count', '4XXError', 'Count'].map((MetricName) => ({ MetricName, Namespace: 'AWS/ApiGateway', Dimensions })),
  );
});

test('calls the service that the sink returns', () => {
  const sink: RecordSink = {
    bindWriter: () => ({ settings: {}, waitFor: [] }),
    bindRequest(writer, { dataBase64 }: RecordTemplate) {
      const waitFor = [Grant.addToPrincipal({ grantee: writer.role, actions: ['queue:Put'], resourceArns: ['*'] })];
      const request = { waitFor, service: 'queue', action: 'Put', contentType: 'text/plain', receipt: 'MessageId', statusOfError: {} };
      return { ...request, body: `{"Message":"${dataBase64}"}` };
    },
    bindRule() {
      throw new Error('no rule');
    },
  };
  const { integration } = takesEvents({ sink });
  expect(JSON.stringify(integration.Uri)).toContain(':queue:action/Put');
  expect(integration.RequestParameters).toEqual({ 'integration.request.header.Content-Type': "'text/plain'" });
  expect(integration.IntegrationResponses[0].ResponseTemplates['application/json']).toContain('MessageId');
});

describe('the mapping templates', () => {
  const { integration } = takesEvents();
  const template = textOf(integration.RequestTemplates['application/json']);
  const put = (body: string) => JSON.parse(renderVtl(template, { body }).text);

  test('the record has the exact bytes of the request, with its partition key or else its id', () => {
    fc.assert(
      fc.property(anEvent, fc.constantFrom(undefined, 2), (event, indent) => {
        const body = JSON.stringify(event, null, indent);
        const { StreamName, Data, PartitionKey, ...others } = put(body);
        expect([StreamName, PartitionKey, others]).toEqual(['the-stream', event.partitionkey ?? event.id, {}]);
        expect(Buffer.from(Data, 'base64').toString()).toBe(body);
      }),
    );
  });

  test('an event that names a stream does not reach it', () => {
    const event = { id: '1', StreamName: 'other', partitionkey: '1","StreamName":"other' };
    expect(put(JSON.stringify(event))).toMatchObject({ StreamName: 'the-stream', PartitionKey: event.partitionkey });
    expect(integration.RequestParameters).toEqual({ 'integration.request.header.Content-Type': "'application/x-amz-json-1.1'" });
  });

  test('every digit of a number stays', () => {
    const body = '{"id":"1","data":12345678901234567890.10}';
    expect(Buffer.from(put(body).Data, 'base64').toString()).toBe(body);
  });
});

describe('the response to the sender', () => {
  const { integration } = takesEvents();

  const answerTo = (status: number, body: object) => answerOf(integration, status, body);

  test('an event that was put is acknowledged with its sequence number, and not with its shard', () => {
    expect(answerTo(200, { ShardId: 'shardId-000000000000', SequenceNumber: '4957', EncryptionType: 'KMS' })).toEqual([
      202,
      { SequenceNumber: '4957' },
    ]);
  });

  test.each([
    [429, 400, 'ProvisionedThroughputExceededException'],
    [429, 400, 'com.amazonaws.kinesis#ProvisionedThroughputExceededException'],
    [429, 400, 'KMSThrottlingException'],
    [413, 400, 'ValidationException'],
    [500, 400, 'ResourceNotFoundException'],
    [500, 403, 'AccessDeniedException'],
    [503, 500, 'InternalFailure'],
    [503, 503, 'ServiceUnavailable'],
  ])('%i for a %i %s, without a word about what stands behind', (status, from, __type) => {
    const message = 'Rate exceeded for shard shardId-000000000000 in stream the-stream';
    expect(answerTo(from, { __type, message })).toEqual([status, { message: 'The event was not accepted.', requestId: 'r-1' }]);
  });

  test('500 for an unknown response', () => expect(answerTo(418, {})[0]).toBe(500));
});

describe('refuses', () => {
  test.each<[string, Partial<ApiGatewayEntryProps>, string]>([
    [
      'no requests',
      { rateLimit: 0 },
      'Test/Connect: rateLimit must be 1 to 10000 requests a second, got 0. For more, first request a higher account quota from AWS.',
    ],
    [
      'half a request',
      { rateLimit: 0.5 },
      'Test/Connect: rateLimit must be 1 to 10000 requests a second, got 0.5. For more, first request a higher account quota from AWS.',
    ],
    [
      'a large burst',
      { burstLimit: 5001 },
      'Test/Connect: burstLimit must be 1 to 5000 requests, got 5001. For more, first request a higher account quota from AWS.',
    ],
  ])('%s', (_, props, message) => expect(() => make(props)).toThrow(new Error(message)));

  test('before the first resource', () => {
    const stack = new Stack(undefined, 'Test');
    const sink: RecordSink = {
      bindWriter: () => ({ settings: {}, waitFor: [] }),
      bindRequest: () => {
        throw new Error('the sink was asked');
      },
      bindRule() {
        throw new Error('no rule');
      },
    };
    expect(() => new ApiGatewayEntry(stack, 'Connect', { sink, eventSchema, burstLimit: 0 })).toThrow('burstLimit');
    expect(stack.node.findAll().map(({ node }) => node.path)).toEqual(['Test', 'Test/Connect']);
  });
});
