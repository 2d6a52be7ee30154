import { type AllowList, type CoverageRow, classify, type Treatments } from '../coverage';
import type { Template } from '../template/cloudformation';

const EMULATED = 'emulated';
const NOTHING = 'no effect here';

/** Only these values are emulated. */
function only(...values: readonly unknown[]) {
  return (value: unknown) => {
    if (values.includes(value)) return undefined;
    return `it must be ${values.map((one) => JSON.stringify(one)).join(' or ')} here, got ${JSON.stringify(value)}.`;
  };
}

/** Only these keys of an object are emulated. */
function onlyKeys(...keys: readonly string[]) {
  return (value: unknown) => {
    const unknown = Object.keys(value as object).find((key) => !keys.includes(key));
    return unknown === undefined ? undefined : `only ${keys.join(' and ')} is emulated here, got ${unknown}.`;
  };
}

/** A gateway response is no mapping template: it only puts in values of `$context`. */
function gatewayTemplates(value: unknown): string | undefined {
  const known = /\$context\.(requestId|error\.(message|messageString|validationErrorString|responseType))\b/g;
  const left = Object.values(value as Record<string, string>)
    .join(' ')
    .replace(known, '');
  return (
    onlyKeys('application/json')(value) ?? (/\$/.test(left) ? `only the error and the request id are known here, got ${left}` : undefined)
  );
}

/** Headers of the integration that are written out. */
function literalHeaders(value: unknown): string | undefined {
  const odd = Object.entries(value as Record<string, unknown>).find(
    ([name, text]) => !/^integration\.request\.header\.[\w-]+$/.test(name) || typeof text !== 'string' || !/^'[^']*'$/.test(text),
  );
  return odd && `only headers with a text in single quotes are emulated here, got ${odd[0]} = ${JSON.stringify(odd[1])}.`;
}

const BUCKET: Treatments = {
  BucketName: EMULATED,
  BucketEncryption: NOTHING,
  LifecycleConfiguration: NOTHING,
  LoggingConfiguration: NOTHING,
  OwnershipControls: NOTHING,
  PublicAccessBlockConfiguration: NOTHING,
  Tags: NOTHING,
  VersioningConfiguration: NOTHING,
};

const STREAM: Treatments = {
  Name: EMULATED,
  RetentionPeriodHours: EMULATED,
  ShardCount: EMULATED,
  StreamEncryption: NOTHING,
  'StreamModeDetails.StreamMode': only('ON_DEMAND', 'PROVISIONED'),
  Tags: NOTHING,
};

const QUEUE: Treatments = {
  QueueName: EMULATED,
  FifoQueue: only(false),
  KmsMasterKeyId: NOTHING,
  KmsDataKeyReusePeriodSeconds: NOTHING,
  MessageRetentionPeriod: NOTHING,
  SqsManagedSseEnabled: NOTHING,
  Tags: NOTHING,
};

const METHOD: Treatments = {
  AuthorizationType: NOTHING,
  AuthorizerId: NOTHING,
  HttpMethod: EMULATED,
  'Integration.Credentials': NOTHING,
  'Integration.IntegrationHttpMethod': only('POST'),
  'Integration.IntegrationResponses.ResponseTemplates': onlyKeys('application/json'),
  'Integration.IntegrationResponses.SelectionPattern': EMULATED,
  'Integration.IntegrationResponses.StatusCode': EMULATED,
  'Integration.PassthroughBehavior': only('NEVER'),
  'Integration.RequestParameters': literalHeaders,
  'Integration.RequestTemplates': EMULATED,
  'Integration.Type': only('AWS'),
  'Integration.Uri': EMULATED,
  'MethodResponses.StatusCode': EMULATED,
  RequestModels: EMULATED,
  RequestValidatorId: EMULATED,
  ResourceId: EMULATED,
  RestApiId: EMULATED,
};

const FUNCTION: Treatments = {
  Architectures: NOTHING,
  'Code.S3Bucket': EMULATED,
  'Code.S3Key': EMULATED,
  Description: NOTHING,
  'Environment.Variables': EMULATED,
  FunctionName: EMULATED,
  Handler: EMULATED,
  'LoggingConfig.ApplicationLogLevel': EMULATED,
  'LoggingConfig.LogFormat': only('JSON', 'Text'),
  'LoggingConfig.LogGroup': NOTHING,
  'LoggingConfig.SystemLogLevel': NOTHING,
  MemorySize: EMULATED,
  Role: NOTHING,
  Runtime: (value) => (/^nodejs\d+\.x$/.test(String(value)) ? undefined : `only Node.js runs here, got ${JSON.stringify(value)}.`),
  Tags: NOTHING,
  Timeout: EMULATED,
  TracingConfig: NOTHING,
};

const MAPPING: Treatments = {
  BatchSize: EMULATED,
  BisectBatchOnFunctionError: EMULATED,
  'DestinationConfig.OnFailure.Destination': EMULATED,
  Enabled: only(true),
  EventSourceArn: EMULATED,
  FunctionName: EMULATED,
  FunctionResponseTypes: EMULATED,
  MaximumBatchingWindowInSeconds: EMULATED,
  MaximumRecordAgeInSeconds: EMULATED,
  MaximumRetryAttempts: EMULATED,
  ParallelizationFactor: only(1),
  StartingPosition: only('TRIM_HORIZON'),
  Tags: NOTHING,
};

const RESOURCES: AllowList = {
  'AWS::ApiGateway::Account': NOTHING,
  'AWS::ApiGateway::Authorizer': NOTHING,
  'AWS::ApiGateway::Deployment': { Description: NOTHING, RestApiId: EMULATED },
  'AWS::ApiGateway::GatewayResponse': {
    ResponseTemplates: gatewayTemplates,
    ResponseType: only('BAD_REQUEST_BODY'),
    RestApiId: EMULATED,
    StatusCode: EMULATED,
  },
  'AWS::ApiGateway::Method': METHOD,
  'AWS::ApiGateway::Model': { ContentType: only('application/json'), RestApiId: EMULATED, Schema: EMULATED },
  'AWS::ApiGateway::RequestValidator': { RestApiId: EMULATED, ValidateRequestBody: EMULATED, ValidateRequestParameters: EMULATED },
  'AWS::ApiGateway::Resource': { ParentId: EMULATED, PathPart: EMULATED, RestApiId: EMULATED },
  'AWS::ApiGateway::RestApi': { EndpointConfiguration: NOTHING, Name: NOTHING, Tags: NOTHING },
  'AWS::ApiGateway::Stage': {
    AccessLogSetting: NOTHING,
    DeploymentId: EMULATED,
    MethodSettings: NOTHING,
    RestApiId: EMULATED,
    StageName: EMULATED,
    Tags: NOTHING,
    TracingEnabled: NOTHING,
  },
  'AWS::CloudWatch::Alarm': NOTHING,
  'AWS::IAM::Policy': NOTHING,
  'AWS::IAM::Role': NOTHING,
  'AWS::KMS::Key': NOTHING,
  'AWS::Kinesis::Stream': STREAM,
  'AWS::Lambda::EventSourceMapping': MAPPING,
  'AWS::Lambda::Function': FUNCTION,
  'AWS::Logs::LogGroup': NOTHING,
  'AWS::S3::Bucket': BUCKET,
  'AWS::S3::BucketPolicy': NOTHING,
  'AWS::SQS::Queue': QUEUE,
  'AWS::SQS::QueuePolicy': NOTHING,
};

/** What stands beside the properties of a resource. A condition is missing: whether it holds would have to be known. */
const ATTRIBUTES: Treatments = { DeletionPolicy: NOTHING, DependsOn: NOTHING, Metadata: NOTHING, UpdateReplacePolicy: NOTHING };

/** What stands beside the resources. */
const SECTIONS: Treatments = {
  AWSTemplateFormatVersion: NOTHING,
  Description: NOTHING,
  Metadata: NOTHING,
  Outputs: NOTHING,
  Parameters: EMULATED,
  Rules: NOTHING,
};

/** Say of every section, resource and property of a template what this runner does with it. */
export function coverageOf(stack: string, { Resources = {}, ...sections }: Template): readonly CoverageRow[] {
  const around = classify({ template: SECTIONS }, 'template', stack, sections).slice(1);
  const resources = Object.entries(Resources).flatMap(([id, { Type, Properties = {}, ...attributes }]) => [
    ...classify(RESOURCES, Type, id, Properties),
    ...classify({ [Type]: ATTRIBUTES }, Type, id, attributes).slice(1),
  ]);
  return [...around, ...resources];
}
