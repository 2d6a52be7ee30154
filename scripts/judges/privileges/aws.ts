import { type CfnTemplate, type Properties, refOf, text } from '../../../shared/read/cfn';
import { type Grant, grantsOf, pathOf } from '../../../shared/read/cfn-grants';
import { type Comparison, fits, type Held, type Need } from './compare';
import { handlerNeeds } from './handlers';

/** What a template gives to each identity, and what the work of each takes. */
export function compareAws(template: CfnTemplate): Comparison & { readonly forbidden: readonly Grant[] } {
  const grants = grantsOf(template);
  return {
    held: grants.filter(({ denied }) => !denied).flatMap(heldBy),
    needs: needsOf(template),
    reaches: (given, needed) => fits(given, needed),
    forbidden: grants.filter(({ denied, conditions }) => denied && !conditions.some(({ test, value }) => spares(test, text(value)))),
  };
}

/** Our clients all speak TLS, and none of an old version, so what is forbidden without it is forbidden to none of them. */
function spares(test: string, value: string): boolean {
  return (test === 'Bool aws:SecureTransport' && value === 'false') || (test === 'NumericLessThan s3:TlsVersion' && Number(value) <= 1.2);
}

function heldBy({ holder: who, actions, on, conditions, at }: Grant): Held[] {
  const only = conditionsOf(conditions.map(({ test, value }) => `${test} ${text(value)}`));
  return actions.flatMap((may) => on.map((resource) => ({ who, may, on: resource, only, at })));
}

function conditionsOf(conditions: readonly string[]): string {
  return [...conditions].sort().join(', ');
}

function needsOf({ Resources }: CfnTemplate): Need[] {
  const of = (type: string) =>
    Object.entries(Resources).flatMap(([id, { Type, Properties = {} }]) =>
      Type === type ? [{ id, at: `\${${id}}`, of: Properties }] : [],
    );
  const functions = of('AWS::Lambda::Function');
  const needs = [
    ...functions.flatMap(({ of: fn }) => functionNeeds(fn)),
    ...of('AWS::Lambda::EventSourceMapping').flatMap(({ of: mapping }) =>
      functions.filter(({ id }) => id === refOf(mapping.FunctionName)).flatMap(({ of: fn }) => pollerNeeds(refOf(fn.Role) ?? '', mapping)),
    ),
    ...of('AWS::ApiGateway::Method').flatMap(({ of: method }) => methodNeeds(method, pathOf(Resources, method))),
    ...of('AWS::S3::Bucket').flatMap(({ at, of: bucket }) => accessLogNeeds(at, bucket)),
  ];
  return needs.map((need) => ({ only: '', ...need }));
}

type Needed = Omit<Need, 'only'> & Partial<Need>;

function functionNeeds(fn: Properties): Needed[] {
  const who = refOf(fn.Role) ?? '';
  const { Variables = {} } = (fn.Environment ?? {}) as { Variables?: Properties };
  const settings = Object.fromEntries(Object.entries(Variables).map(([name, value]) => [name, text(value)]));
  const log = refOf((fn.LoggingConfig as Properties | undefined)?.LogGroup);
  const traced = (fn.TracingConfig as Properties | undefined)?.Mode === 'Active';
  return [
    ...handlerNeeds(who, JSON.stringify(fn.Code), settings),
    trust('lambda.amazonaws.com', who, 'Lambda runs the function as it'),
    // https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html
    ...['CreateLogStream', 'PutLogEvents'].map((action) => ({
      who,
      may: `logs:${action}`,
      on: log ? `\${${log}}` : 'a log group that Lambda makes',
      because: 'Lambda writes its logs as it',
    })),
    // https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html. X-Ray knows no resources that could be named.
    ...(traced ? ['PutTraceSegments', 'PutTelemetryRecords'] : []).map((action) => ({
      who,
      may: `xray:${action}`,
      on: '*',
      because: 'Lambda traces its calls as it',
    })),
  ];
}

/** What Lambda does as the role of a function that it brings records to. */
function pollerNeeds(who: string, mapping: Properties): Needed[] {
  const source = text(mapping.EventSourceArn);
  const failures = ((mapping.DestinationConfig as Properties | undefined)?.OnFailure as Properties | undefined)?.Destination;
  return [
    // https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-create.html. SubscribeToShard is for a consumer of its own.
    ...['DescribeStream', 'DescribeStreamSummary', 'GetRecords', 'GetShardIterator', 'ListShards'].map((action) => ({
      who,
      may: `kinesis:${action}`,
      on: source,
      because: 'Lambda reads the stream as it',
    })),
    // https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
    ...(failures ? [{ who, may: 'sqs:SendMessage', on: text(failures), because: 'Lambda sends batches there that failed' }] : []),
  ];
}

/** What API Gateway does as a role: the call of the integration, on what the request names. And who may ask it to. */
function methodNeeds(method: Properties, path: string): Needed[] {
  const { Credentials, Uri, RequestTemplates = {} } = (method.Integration ?? {}) as Properties;
  const [, service, action] = /:(\w+):action\/(\w+)$/.exec(text(Uri)) ?? [];
  const who = refOf(Credentials) ?? '';
  const targets = [...new Set(Object.values(RequestTemplates as Properties).map((template) => `\${${refOf(template)}}`))];
  return [
    {
      who: 'client',
      may: `${method.HttpMethod} ${path}`,
      on: `\${${refOf(method.RestApiId)}}`,
      only: `authorized by ${method.AuthorizationType}`,
      because: 'clients send',
    },
    ...targets.map((on) => ({ who, may: `${service}:${action}`, on, because: 'API Gateway calls it as the role' })),
    trust('apigateway.amazonaws.com', who, 'API Gateway acts as it'),
  ];
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html */
function accessLogNeeds(at: string, { LoggingConfiguration }: Properties): Needed[] {
  const { DestinationBucketName, LogFilePrefix = '' } = (LoggingConfiguration ?? {}) as Properties;
  if (!DestinationBucketName) return [];
  return [
    {
      who: 'logging.s3.amazonaws.com',
      may: 's3:PutObject',
      on: `${text(DestinationBucketName)}/${text(LogFilePrefix)}*`,
      only: conditionsOf([`ArnLike aws:SourceArn ${at}`, `StringEquals aws:SourceAccount ${text({ Ref: 'AWS::AccountId' })}`]),
      because: 'S3 writes the access log',
    },
  ];
}

function trust(service: string, role: string, because: string): Needed {
  return { who: service, may: 'sts:AssumeRole', on: `\${${role}}`, because };
}
