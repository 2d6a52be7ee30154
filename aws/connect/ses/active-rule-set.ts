import { CustomResource, Duration, Stack } from 'aws-cdk-lib';
import { Policy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { SettingError } from '../../../shared/synth/settings';
import { acknowledge } from '../../foundation/acknowledge';
import { DeployFunction } from '../../foundation/deploy-function';

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
export class ActiveRuleSet extends DeployFunction {
  /** The activation. It must depend on the rules of the set. */
  readonly resource: CustomResource;

  constructor(scope: Construct, id: string, { ruleSet, replaceOther }: ActiveRuleSetProps) {
    super(scope, id, { folder: 'aws/runtime/ses/active', timeout: Duration.minutes(2) });
    const actions = ['ses:DescribeActiveReceiptRuleSet', 'ses:SetActiveReceiptRuleSet'];
    const policy = new Policy(this, 'Slot', { roles: [this.role], statements: [new PolicyStatement({ actions, resources: ['*'] })] });
    acknowledge(policy, { 'AwsSolutions-IAM5[Resource::*]': 'SES allows no narrower resource for these actions.' });
    this.waitFor(policy);
    this.resource = new CustomResource(this, 'Resource', {
      resourceType: 'Custom::ActiveReceiptRuleSet',
      serviceToken: this.function.functionArn,
      serviceTimeout: Duration.minutes(5),
      properties: { RuleSetName: ruleSet, ReplaceOther: String(replaceOther) },
    });
  }
}
