import { type AllowList, only } from '../../coverage';

const EMULATED = 'emulated';
const NOTHING = 'no effect here';

/** @see https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_Lambda.html */
export const COVERAGE: AllowList = {
  'AWS::Lambda::EventSourceMapping': {
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
    'ScalingConfig.MaximumConcurrency': EMULATED,
    StartingPosition: only('TRIM_HORIZON'),
    Tags: NOTHING,
  },
  'AWS::Lambda::Function': {
    Architectures: NOTHING,
    'Code.S3Bucket': EMULATED,
    'Code.S3Key': EMULATED,
    Description: NOTHING,
    'Environment.Variables': EMULATED,
    FunctionName: EMULATED,
    Handler: EMULATED,
    'LoggingConfig.ApplicationLogLevel': EMULATED,
    'LoggingConfig.LogFormat': only(['JSON', 'Text']),
    'LoggingConfig.LogGroup': NOTHING,
    'LoggingConfig.SystemLogLevel': NOTHING,
    MemorySize: EMULATED,
    Role: NOTHING,
    Runtime: (value) => (/^nodejs\d+\.x$/.test(String(value)) ? undefined : `only Node.js runs here, got ${JSON.stringify(value)}.`),
    Tags: NOTHING,
    Timeout: EMULATED,
    TracingConfig: NOTHING,
  },
};
