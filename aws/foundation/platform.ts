import { Aspects, CfnOutput, Fn, Stack, type StackProps, Tags } from 'aws-cdk-lib';
import { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Topic } from 'aws-cdk-lib/aws-sns';
import type { Construct, IConstruct } from 'constructs';
import { allowToDestroy, type Removal, requireText, type TextRule } from '../../shared/synth/settings';

const TOPIC_ARN: TextRule = {
  pattern: /^arn:[\w-]+:sns:[\w-]+:\d{12}:[\w-]+$/,
  must: 'be the ARN of a topic',
  remedy: 'See aws sns list-topics.',
};

/** Settings that every platform on AWS has, beside those of a stack: `env`, `stackName`, `terminationProtection`. */
export interface AwsPlatformProps extends StackProps {
  /**
   * What happens to data when the stack is deleted.
   * @default retain
   */
  readonly removal?: Removal;
  /**
   * The second setting that `removal: 'destroy'` requires, for a platform whose data may be deleted.
   * @default - the value of the context `destroyData`
   */
  readonly destroyData?: 'yes';
  /**
   * The ARN of an SNS topic that every alarm sends to. The context `notify` sets it too.
   * @default - the value of the context `notify`; without it, alarms have no action
   */
  readonly notify?: string;
  /**
   * Whether the account has a role with which API Gateway writes logs, or this stack creates it. The context
   * `accountLogRole` sets it too.
   * @default existing
   */
  readonly accountLogRole?: 'existing' | 'create';
}

/**
 * A stack with a whole platform, and with the settings and outputs that every platform on AWS has. Its resources have no
 * physical names, so it can be deployed several times in one account.
 */
export abstract class AwsPlatform extends Stack {
  protected readonly removal?: Removal;
  protected readonly accountLogRole?: 'existing' | 'create';

  constructor(scope: Construct, id: string, props: AwsPlatformProps) {
    super(scope, id, props);
    allowToDestroy(this, props.destroyData);
    const notify: string | undefined = props.notify ?? this.node.tryGetContext('notify') ?? undefined;
    if (notify !== undefined) requireText(this, { notify }, TOPIC_ARN);
    this.removal = props.removal;
    this.accountLogRole = props.accountLogRole ?? this.node.tryGetContext('accountLogRole') ?? undefined;
    Tags.of(this).add('platform', id);
    if (notify !== undefined) this.addAlarmActions(notify);
  }

  /** Resolved by CloudFormation at deploy, so that the synthesis does not look them up in the account. */
  override get availabilityZones(): string[] {
    return [0, 1, 2].map((index) => Fn.select(index, Fn.getAzs()));
  }

  /** Add outputs to the stack: each by its name, with its value and description. */
  protected output(outputs: Readonly<Record<string, readonly [value: string, description: string]>>) {
    for (const [name, [value, description]] of Object.entries(outputs)) new CfnOutput(this, name, { value, description });
  }

  private addAlarmActions(topicArn: string) {
    const action = new SnsAction(Topic.fromTopicArn(this, 'Notify', topicArn));
    const visit = (node: IConstruct) => {
      if (node instanceof Alarm) node.addAlarmAction(action);
    };
    Aspects.of(this).add({ visit });
  }
}
