import { CfnResource, Stack } from 'aws-cdk-lib';
import type { CfnLogGroup } from 'aws-cdk-lib/aws-logs';
import type { IConstruct } from 'constructs';
import { acknowledge, type Reasons } from './acknowledge';

const LOG_GROUP: Reasons = {
  'CKV_AWS_158, NIST.800.53.R5-CloudWatchLogGroupEncrypted': 'CloudWatch Logs has a key of its own. For a key of yours: kmsKeyId on it.',
};

/** Findings that every construct answers the same way, by the type of resource. */
const COMMON: Readonly<Record<string, (resource: CfnResource) => Reasons>> = {
  'AWS::IAM::Policy': () => ({ 'NIST.800.53.R5-IAMNoInlinePolicy': 'The policy goes with its role, and can be given to no other.' }),
  'AWS::Lambda::Function': () => ({ W3005: 'The CDK makes every function wait for its role a second time, which does no harm.' }),
  'AWS::Logs::LogGroup': (group) => ((group as CfnLogGroup).kmsKeyId ? {} : LOG_GROUP),
  'AWS::S3::Bucket': () => ({
    'NIST.800.53.R5-S3BucketReplicationEnabled':
      'S3 keeps each object in three zones. A second region costs as much again: bring a bucket that has one.',
  }),
};

/** What the CDK itself brings into a stack, one for all: it acts once, while the stack is made or taken down. */
const HELPER: Reasons = {
  'CKV_AWS_115, CKV_AWS_116, CKV_AWS_117': 'CloudFormation calls it while a stack is made or taken down, and waits for its answer.',
  ...COMMON['AWS::Lambda::Function']!({} as CfnResource),
};

const answered = new WeakSet<IConstruct>();

/**
 * Answer the findings of scanners that all constructs answer the same way, in these constructs and below, and in the
 * functions that the CDK puts into their stack. What is particular to one resource is said beside it, by `acknowledge`.
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

/** Once, however many constructs ask for it. */
function answer(resource: IConstruct, reasons: Reasons = {}) {
  if (answered.has(resource)) return;
  answered.add(resource);
  acknowledge(resource, reasons);
}
