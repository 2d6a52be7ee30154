import { refOf, text } from '../../../shared/read/cfn';
import { grantsOf } from '../../../shared/read/cfn-grants';
import eventSchema from '../../../shared/runtime/event.schema.json';
import { type Asked, amount, is, type Rule, type Template } from './rule';

const METHOD = 'AWS::ApiGateway::Method';
const STAGE = 'AWS::ApiGateway::Stage';
const STREAM = 'AWS::Kinesis::Stream';
const QUEUE = 'AWS::SQS::Queue';
const BUCKET = 'AWS::S3::Bucket';

/** What the templates for AWS promise of their doors, and of data where it lies. */
export const DOORS_AND_DATA: readonly Rule[] = [
  {
    id: 'signed',
    types: [METHOD],
    must: 'take calls of those alone who are known',
    holds: (method) => is(method, 'AuthorizationType', 'AWS_IAM', 'COGNITO_USER_POOLS', 'CUSTOM'),
  },
  {
    id: 'checked-on-entry',
    types: [METHOD],
    must: 'check the body and the parameters of a call before it goes on',
    holds: (method, template) => {
      const validator = template.find(method.get('RequestValidatorId')[0]);
      return validator !== undefined && ['Body', 'Parameters'].every((what) => is(validator, `ValidateRequest${what}`, true));
    },
  },
  {
    id: 'checked-on-entry',
    types: [METHOD],
    must: 'turn away what has no model, and check everything else by one that asks for all that the event contract does',
    holds: (method, template) => {
      const models = method
        .get('RequestModels')
        .flatMap((all) => Object.values(all as object))
        .map((model) => template.find(model));
      const asks = (model: Asked | undefined) => eventSchema.required.every((field) => model?.get('Schema.required').includes(field));
      return is(method, 'Integration.PassthroughBehavior', 'NEVER') && models.length > 0 && models.every(asks);
    },
  },
  {
    id: 'throttled',
    types: [STAGE],
    must: 'turn callers away who come too often',
    holds: (stage) => ['Rate', 'Burst'].every((which) => amount(stage, `MethodSettings.Throttling${which}Limit`) > 0),
  },
  {
    id: 'on-record',
    types: [STAGE],
    must: 'write a line for each call, and nothing of what is in it',
    holds: (stage) =>
      stage.get('AccessLogSetting.DestinationArn').length === 1 &&
      is(stage, 'MethodSettings.DataTraceEnabled', false) &&
      !/validationErrorString|input\.body/.test(text(stage.get('AccessLogSetting.Format')[0])),
  },
  {
    id: 'on-record',
    types: [BUCKET],
    must: 'have each access on record, but for the bucket that holds the record',
    holds: (bucket, template) =>
      bucket.get('LoggingConfiguration.DestinationBucketName').length === 1 ||
      template.of(BUCKET).some((other) => refOf(other.get('LoggingConfiguration.DestinationBucketName')[0]) === bucket.id),
  },
  {
    id: 'logs-end',
    types: ['AWS::Logs::LogGroup'],
    must: 'forget after a while',
    holds: (group) => amount(group, 'RetentionInDays') > 0,
  },
  {
    id: 'encrypted',
    types: [STREAM],
    must: 'be encrypted',
    holds: (stream) => is(stream, 'StreamEncryption.EncryptionType', 'KMS'),
  },
  {
    id: 'encrypted',
    types: [QUEUE],
    must: 'be encrypted',
    holds: (queue) => is(queue, 'SqsManagedSseEnabled', true) || queue.get('KmsMasterKeyId').length === 1,
  },
  {
    id: 'encrypted',
    types: [BUCKET],
    must: 'be encrypted',
    holds: (bucket) =>
      bucket.get('BucketEncryption.ServerSideEncryptionConfiguration.ServerSideEncryptionByDefault.SSEAlgorithm').length === 1,
  },
  {
    id: 'private',
    types: [BUCKET],
    must: 'never be public, whatever a policy or a list of access control says',
    holds: (bucket) =>
      ['BlockPublicAcls', 'BlockPublicPolicy', 'IgnorePublicAcls', 'RestrictPublicBuckets'].every((block) =>
        is(bucket, `PublicAccessBlockConfiguration.${block}`, true),
      ) && is(bucket, 'OwnershipControls.Rules.ObjectOwnership', 'BucketOwnerEnforced'),
  },
  {
    id: 'tls-only',
    types: [BUCKET, QUEUE],
    must: 'refuse everyone who comes without TLS',
    holds: (resource, template) => refuses(resource, template, 'Bool aws:SecureTransport', 'false'),
  },
  {
    id: 'tls-only',
    types: [BUCKET],
    must: 'refuse everyone who comes with a TLS below 1.2',
    holds: (resource, template) => refuses(resource, template, 'NumericLessThan s3:TlsVersion', '1.2'),
  },
  {
    id: 'undelete',
    types: [BUCKET],
    must: 'keep old versions, and let go of them in the end',
    holds: (bucket) =>
      is(bucket, 'VersioningConfiguration.Status', 'Enabled') &&
      amount(bucket, 'LifecycleConfiguration.Rules.NoncurrentVersionExpiration.NoncurrentDays') >= 1,
  },
  {
    id: 'housekeeping',
    types: [BUCKET],
    must: 'clear away uploads that were broken off',
    holds: (bucket) => amount(bucket, 'LifecycleConfiguration.Rules.AbortIncompleteMultipartUpload.DaysAfterInitiation') >= 1,
  },
  {
    id: 'retained',
    types: [STREAM, QUEUE, BUCKET],
    must: 'stay when its stack goes, and when it is replaced, since it holds data',
    holds: ({ DeletionPolicy, UpdateReplacePolicy }) => DeletionPolicy === 'Retain' && UpdateReplacePolicy === 'Retain',
  },
];

/** Whether a policy forbids everything to everyone who meets a condition, on the whole of a resource. */
function refuses({ id, Type }: Asked, template: Template, test: string, value: string): boolean {
  const whole = Type === BUCKET ? [`\${${id}}`, `\${${id}}/*`] : [`\${${id}}`];
  return grantsOf({ Resources: Object.fromEntries(template.all.map((resource) => [resource.id, resource])) }).some(
    ({ holder, denied, actions, on, conditions }) =>
      holder === 'everyone' &&
      denied &&
      actions.some((action) => action.endsWith(':*')) &&
      whole.every((part) => on.includes(part)) &&
      conditions.length === 1 &&
      conditions[0]?.test === test &&
      text(conditions[0].value) === value,
  );
}
