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
   * The second key that `removal: 'destroy'` takes, for a platform whose data may go.
   * @default - the context `destroyData` says it
   */
  readonly destroyData?: 'yes';
  /**
   * The ARN of an SNS topic that hears every alarm. The context `notify` says the same.
   * @default - alarms change their state and tell nobody
   */
  readonly notify?: string;
  /**
   * Whether the account has a role that lets API Gateway write logs, or this stack makes it. The context
   * `accountLogRole` says the same.
   * @default existing
   */
  readonly accountLogRole?: 'existing' | 'create';
}

/**
 * A stack that holds a whole platform: what every platform on AWS is told, and what it tells. Nothing in it has a forced
 * name, so it can stand several times in one app and one account.
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
    if (notify !== undefined) this.tell(notify);
  }

  /** Named when it is deployed, so that no synthesis asks an account for them. */
  override get availabilityZones(): string[] {
    return [0, 1, 2].map((index) => Fn.select(index, Fn.getAzs()));
  }

  /** Show values to whoever deploys: each by its name, with a sentence that says what it is for. */
  protected output(outputs: Readonly<Record<string, readonly [value: string, description: string]>>) {
    for (const [name, [value, description]] of Object.entries(outputs)) new CfnOutput(this, name, { value, description });
  }

  private tell(topicArn: string) {
    const action = new SnsAction(Topic.fromTopicArn(this, 'Notify', topicArn));
    const visit = (node: IConstruct) => {
      if (node instanceof Alarm) node.addAlarmAction(action);
    };
    Aspects.of(this).add({ visit });
  }
}
