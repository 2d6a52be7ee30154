import type { AllowList } from '../../coverage';

const EMULATED = 'emulated';
const NOTHING = 'no effect here';

/** @see https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-s3-bucket.html */
export const COVERAGE: AllowList = {
  'AWS::S3::Bucket': {
    BucketName: EMULATED,
    BucketEncryption: NOTHING,
    LifecycleConfiguration: NOTHING,
    LoggingConfiguration: NOTHING,
    OwnershipControls: NOTHING,
    PublicAccessBlockConfiguration: NOTHING,
    Tags: NOTHING,
    VersioningConfiguration: NOTHING,
  },
  'AWS::S3::BucketPolicy': NOTHING,
};
