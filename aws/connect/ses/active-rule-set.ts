import { CustomResource, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Policy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, Code, Function as LambdaFunction, LoggingFormat, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { packageCode } from '../../../shared/synth/handler-package';
import { SettingError } from '../../../shared/synth/settings';
import { acknowledge, type Reasons } from '../../foundation/acknowledge';
import { answerCommonFindings } from '../../foundation/answers';
import type { Workload } from '../../ports/identity';

const CALLED_BY_DEPLOY = 'Only a deploy calls it, and waits for its response.';
const FUNCTION: Reasons = {
  'CKV_AWS_115, NIST.800.53.R5-LambdaConcurrency': CALLED_BY_DEPLOY,
  'CKV_AWS_116, NIST.800.53.R5-LambdaDLQ': CALLED_BY_DEPLOY,
  'CKV_AWS_117, NIST.800.53.R5-LambdaInsideVPC':
    'It calls only SES and CloudFormation, over TLS. In a VPC, it would cost an interface endpoint.',
};

const active = new WeakMap<Stack, string>();

/**
 * Refuse a second rule set that is activated by the same stack.
 * @throws SettingError
 */
export function requireOneActive(scope: Construct) {
  const stack = Stack.of(scope);
  const other = active.get(stack);
  if (other !== undefined) {
    const remedy = 'An account and region has one active rule set: give the second entry the ruleSet of the first.';
    throw new SettingError(scope, 'activation must be of one rule set in a stack', `a second one after ${other}`, remedy);
  }
  active.set(stack, scope.node.path);
}

/** Settings for {@link ActiveRuleSet}. */
export interface ActiveRuleSetProps {
  /** The name of the rule set. */
  readonly ruleSet: string;
  /** Whether another active rule set is deactivated. If not, the deploy fails and names it. */
  readonly replaceOther: boolean;
}

/**
 * Activates a receipt rule set during a deploy, which CloudFormation cannot do (aws/aws-cdk#10321), and deactivates it when the
 * stack is deleted, if it still is the active one. It is called again only if the rule set or `replaceOther` changes: if
 * somebody activates another one, a later deploy does not change that.
 * @see https://docs.aws.amazon.com/ses/latest/dg/receiving-email-receipt-rules-console-walkthrough.html
 */
export class ActiveRuleSet extends Construct implements Workload {
  readonly role: Role;
  /** The activation. It must depend on the rules of the set. */
  readonly resource: CustomResource;

  constructor(scope: Construct, id: string, { ruleSet, replaceOther }: ActiveRuleSetProps) {
    super(scope, id);
    const timeout = Duration.minutes(2);
    const logGroup = new LogGroup(this, 'Logs', { retention: RetentionDays.ONE_MONTH, removalPolicy: RemovalPolicy.DESTROY });
    this.role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    const actions = ['ses:DescribeActiveReceiptRuleSet', 'ses:SetActiveReceiptRuleSet'];
    const policy = new Policy(this, 'Slot', { roles: [this.role], statements: [new PolicyStatement({ actions, resources: ['*'] })] });
    acknowledge(policy, { 'AwsSolutions-IAM5[Resource::*]': 'SES allows no narrower resource for these actions.' });

    const handler = new LambdaFunction(this, 'Function', {
      code: Code.fromAsset(packageCode('aws/runtime/ses/active').zip),
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: 256,
      timeout,
      role: this.role,
      logGroup,
      loggingFormat: LoggingFormat.JSON,
    });
    acknowledge(handler, FUNCTION).node.addDependency(policy, logGroup.grantWrite(this.role));
    this.resource = new CustomResource(this, 'Resource', {
      resourceType: 'Custom::ActiveReceiptRuleSet',
      serviceToken: handler.functionArn,
      serviceTimeout: Duration.minutes(5),
      properties: { RuleSetName: ruleSet, ReplaceOther: String(replaceOther) },
    });
    answerCommonFindings(this);
  }
}
