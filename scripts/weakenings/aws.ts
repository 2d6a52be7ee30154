import { add, filter, remove, replace, set, type Weakening } from './weakening';

const METHOD = /^AWS::ApiGateway::Method /;
const STAGE = /^AWS::ApiGateway::Stage /;
const STREAM = /^AWS::Kinesis::Stream /;
const QUEUE = /^AWS::SQS::Queue /;
const BUCKET = /^AWS::S3::Bucket StoreBucket/;
const MAPPING = /^AWS::Lambda::EventSourceMapping /;
const FUNCTION = /^AWS::Lambda::Function /;
const CONNECT_POLICY = /^AWS::IAM::Policy Connect/;
const PROCESSING_POLICY = /^AWS::IAM::Policy ProcessingRole/;
const PROCESSING_ROLE = /^AWS::IAM::Role Processing/;
const ALARM = 'AWS::CloudWatch::Alarm';
const FUNCTION_ID = { Ref: 'ProcessingFunction' };

/** Ways to make the pipeline on AWS worse. */
export const AWS: readonly Weakening[] = [
  { name: 'anyone may send', edit: set(METHOD, 'Properties.AuthorizationType', 'NONE') },
  { name: 'bodies are not checked', edit: set(METHOD, 'Properties.RequestValidatorId') },
  { name: 'the check looks at no body', edit: set(/RequestValidator /, 'Properties.ValidateRequestBody', false) },
  { name: 'what has no model passes', edit: set(METHOD, 'Properties.Integration.PassthroughBehavior', 'WHEN_NO_MATCH') },
  { name: 'an event may have no id', edit: filter(/::Model /, 'Properties.Schema.required', (field) => field !== 'id') },
  { name: 'callers are not throttled', edit: set(STAGE, 'Properties.MethodSettings.0.ThrottlingRateLimit', -1) },
  { name: 'events stand in the log', edit: set(STAGE, 'Properties.MethodSettings.0.DataTraceEnabled', true) },
  { name: 'the access log quotes events', edit: replace(STAGE, '$context.error.message', '$context.error.validationErrorString') },
  { name: 'calls leave no line', edit: set(STAGE, 'Properties.AccessLogSetting') },
  { name: 'logs are kept for ever', edit: set(/::LogGroup Processing/, 'Properties.RetentionInDays') },
  { name: 'API Gateway keeps its errors for ever', edit: remove(/::LogGroup ConnectErrorLog/) },

  {
    name: 'the entry may do anything with the stream',
    edit: set(CONNECT_POLICY, 'Properties.PolicyDocument.Statement.0.Action', 'kinesis:*'),
  },
  { name: 'the entry may write to every stream', edit: set(CONNECT_POLICY, 'Properties.PolicyDocument.Statement.0.Resource', '*') },
  { name: 'the function may do anything with objects', edit: replace(PROCESSING_POLICY, '"s3:PutObject"', '"s3:*"') },
  { name: 'the function may delete objects', edit: replace(PROCESSING_POLICY, '"s3:PutObject"', '["s3:PutObject","s3:DeleteObject"]') },
  { name: 'the function may write beside its prefix', edit: replace(PROCESSING_POLICY, '/events/*', '/*') },
  {
    name: 'the function may do all but one thing',
    edit: replace(PROCESSING_POLICY, '"Action":"s3:PutObject"', '"NotAction":"s3:DeleteObject"'),
  },
  { name: 'the function may not write to its dead letter', edit: replace(PROCESSING_POLICY, 'sqs:SendMessage', 'sqs:GetQueueUrl') },
  { name: 'the function may not read the stream', edit: replace(PROCESSING_POLICY, 'kinesis:GetRecords', 'kinesis:ListStreamConsumers') },
  {
    name: 'the function is an administrator',
    edit: set(PROCESSING_ROLE, 'Properties.ManagedPolicyArns', ['arn:aws:iam::aws:policy/AdministratorAccess']),
  },
  {
    name: 'anyone may act as the function',
    edit: set(PROCESSING_ROLE, 'Properties.AssumeRolePolicyDocument.Statement.0.Principal', { AWS: '*' }),
  },
  {
    name: 'anyone may call the function',
    edit: add('AWS::Lambda::Permission Open', {
      Properties: { Principal: '*', Action: 'lambda:InvokeFunction', FunctionName: FUNCTION_ID },
    }),
  },
  {
    name: 'the function has an address for everyone',
    edit: add('AWS::Lambda::Url Open', { Properties: { AuthType: 'NONE', TargetFunctionArn: FUNCTION_ID } }),
  },
  {
    name: 'S3 writes the access log for any account',
    edit: set(/BucketPolicy StoreAccessLog/, 'Properties.PolicyDocument.Statement.2.Condition'),
  },
  {
    name: 'everyone may read the bucket',
    edit: replace(
      /BucketPolicy StoreBucket/,
      '"Action":"s3:*","Condition":{"Bool":{"aws:SecureTransport":"false"}},"Effect":"Deny"',
      '"Action":"s3:GetObject","Effect":"Allow"',
    ),
  },
  {
    name: 'a condition in the policy of the bucket locks the writer out',
    edit: replace(
      /BucketPolicy StoreBucket/,
      '"Bool":{"aws:SecureTransport":"false"}',
      '"Null":{"s3:x-amz-server-side-encryption":"true"}',
    ),
  },

  { name: 'a bucket may be made public', edit: set(BUCKET, 'Properties.PublicAccessBlockConfiguration.BlockPublicPolicy', false) },
  { name: 'nothing keeps a bucket from being public', edit: set(BUCKET, 'Properties.PublicAccessBlockConfiguration') },
  { name: 'a bucket is public by its list of access control', edit: set(BUCKET, 'Properties.AccessControl', 'PublicRead') },
  { name: 'writers own their objects', edit: set(BUCKET, 'Properties.OwnershipControls.Rules.0.ObjectOwnership', 'ObjectWriter') },
  { name: 'objects are not encrypted', edit: set(BUCKET, 'Properties.BucketEncryption') },
  { name: 'the stream is not encrypted', edit: set(STREAM, 'Properties.StreamEncryption') },
  { name: 'the dead letter is not encrypted', edit: set(QUEUE, 'Properties.SqsManagedSseEnabled', false) },
  {
    name: 'objects travel without TLS',
    edit: filter(
      /BucketPolicy StoreBucket/,
      'Properties.PolicyDocument.Statement',
      (one) => !JSON.stringify(one).includes('SecureTransport'),
    ),
  },
  { name: 'objects travel with an old TLS', edit: replace(/BucketPolicy StoreBucket/, '"s3:TlsVersion":1.2', '"s3:TlsVersion":1') },
  { name: 'dead letters travel without TLS', edit: remove(/::QueuePolicy /) },
  { name: 'what is overwritten is gone', edit: set(BUCKET, 'Properties.VersioningConfiguration') },
  { name: 'old versions are kept for ever', edit: set(BUCKET, 'Properties.LifecycleConfiguration.Rules.0.NoncurrentVersionExpiration') },
  { name: 'broken uploads are kept for ever', edit: set(BUCKET, 'Properties.LifecycleConfiguration') },
  { name: 'nobody knows who read an object', edit: set(BUCKET, 'Properties.LoggingConfiguration') },
  { name: 'the bucket goes with its stack', edit: set(BUCKET, 'DeletionPolicy', 'Delete') },
  { name: 'the stream goes with its stack', edit: set(STREAM, 'DeletionPolicy') },
  { name: 'the dead letter goes when it is replaced', edit: set(QUEUE, 'UpdateReplacePolicy', 'Delete') },

  { name: 'a batch is tried for ever', edit: set(MAPPING, 'Properties.MaximumRetryAttempts', -1) },
  { name: 'records are tried however old they are', edit: set(MAPPING, 'Properties.MaximumRecordAgeInSeconds', -1) },
  { name: 'records are gone before they are given up', edit: set(STREAM, 'Properties.RetentionPeriodHours', 5) },
  { name: 'one poison record holds up its batch', edit: set(MAPPING, 'Properties.BisectBatchOnFunctionError', false) },
  { name: 'what the function says of a batch is not heard', edit: set(MAPPING, 'Properties.FunctionResponseTypes') },
  { name: 'what is given up is lost', edit: set(MAPPING, 'Properties.DestinationConfig') },
  { name: 'dead letters are gone in a day', edit: set(QUEUE, 'Properties.MessageRetentionPeriod', 86_400) },
  { name: 'records that come during a deploy are missed', edit: set(MAPPING, 'Properties.StartingPosition', 'LATEST') },
  { name: 'the function is made before its permissions', edit: set(FUNCTION, 'DependsOn') },
  { name: 'the API opens before it may write', edit: set(STAGE, 'DependsOn') },

  { name: 'nobody hears of a dead letter', edit: remove(new RegExp(`${ALARM} BufferDeadLetters`)) },
  { name: 'a thousand dead letters ring no alarm', edit: set(new RegExp(`${ALARM} BufferDeadLetters`), 'Properties.Threshold', 1000) },
  { name: 'an alarm watches all queues at once', edit: set(new RegExp(`${ALARM} BufferDeadLetters`), 'Properties.Dimensions') },
  { name: 'nobody hears that records are late', edit: remove(new RegExp(`${ALARM} BufferLate`)) },
  { name: 'nobody hears that writers are turned away', edit: remove(new RegExp(`${ALARM} BufferWritesThrottled`)) },
  { name: 'nobody hears that the function fails', edit: remove(new RegExp(`${ALARM} ProcessingErrors`)) },
  { name: 'two APIs share one alarm', edit: set(new RegExp(`${ALARM} ConnectServerErrors`), 'Properties.Dimensions.0.Value', 'Api') },
];
