import { CfnResource, Stack } from 'aws-cdk-lib';
import type { CfnLogGroup } from 'aws-cdk-lib/aws-logs';
import type { CfnBucket } from 'aws-cdk-lib/aws-s3';
import type { IConstruct } from 'constructs';
import { acknowledge, type Reasons } from './acknowledge';

const LOG_GROUP: Reasons = {
  'CKV_AWS_158, NIST.800.53.R5-CloudWatchLogGroupEncrypted':
    'CloudWatch Logs encrypts it with its own key. For a key of yours, set kmsKeyId of the log group.',
};

const ONE_REGION: Reasons = {
  'NIST.800.53.R5-S3BucketReplicationEnabled':
    'S3 stores each object in three zones. A replica in a second region doubles the cost: for one, give a bucket of yours.',
};

/** Findings with the same reason in every construct, by the type of resource. */
const COMMON: Readonly<Record<string, (resource: CfnResource) => Reasons>> = {
  'AWS::IAM::Policy': () => ({
    'NIST.800.53.R5-IAMNoInlinePolicy': 'The policy is deleted with its role, and cannot be attached to another.',
  }),
  'AWS::Lambda::Function': () => ({ W3005: 'The CDK adds a second dependency of every function on its role, which is harmless.' }),
  'AWS::Logs::LogGroup': (group) => ((group as CfnLogGroup).kmsKeyId ? {} : LOG_GROUP),
  'AWS::S3::Bucket': (bucket) => ((bucket as CfnBucket).replicationConfiguration ? {} : ONE_REGION),
};

/** The functions that the CDK adds to a stack for custom resources. */
const HELPER: Reasons = {
  'CKV_AWS_115, CKV_AWS_116, CKV_AWS_117': 'CloudFormation calls it while a stack is created or deleted, and waits for its response.',
  ...COMMON['AWS::Lambda::Function']!({} as CfnResource),
};

const answered = new WeakSet<IConstruct>();

/**
 * Acknowledge the findings of scanners that have the same reason in all constructs: in these constructs and their children, and
 * in the functions that the CDK adds to their stack. A reason for one resource stands beside it, with `acknowledge`.
 */
export function answerCommonFindings(...scopes: readonly [IConstruct, ...IConstruct[]]) {
  const validate = () => {
    for (const resource of scopes.flatMap((scope) => scope.node.findAll()).filter(CfnResource.isCfnResource)) {
      answer(resource, COMMON[resource.cfnResourceType]?.(resource));
    }
    for (const { node } of Stack.of(scopes[0]).node.children.filter((child) => /^(Custom::|AWSCDK\.)\w+Provider$/.test(child.node.id))) {
      const handler = node.tryFindChild('Handler');
      if (handler) answer(handler, HELPER);
    }
    return [];
  };
  scopes[0].node.addValidation({ validate });
}

/** Acknowledges each resource once, also if several constructs call it. */
function answer(resource: IConstruct, reasons: Reasons = {}) {
  if (answered.has(resource)) return;
  answered.add(resource);
  acknowledge(resource, reasons);
}
