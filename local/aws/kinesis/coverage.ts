import { type AllowList, only } from '../../coverage';

const EMULATED = 'emulated';
const NOTHING = 'no effect here';

/** @see https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-kinesis-stream.html */
export const COVERAGE: AllowList = {
  'AWS::Kinesis::Stream': {
    Name: EMULATED,
    RetentionPeriodHours: EMULATED,
    ShardCount: EMULATED,
    StreamEncryption: NOTHING,
    'StreamModeDetails.StreamMode': only(['ON_DEMAND', 'PROVISIONED']),
    Tags: NOTHING,
  },
};
