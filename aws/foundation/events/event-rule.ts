import { Aws, Duration, Fn, Lazy, type RemovalPolicy } from 'aws-cdk-lib';
import { type Alarm, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { CfnEventBus, CfnRule, type EventPattern, type IEventBus } from 'aws-cdk-lib/aws-events';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct, type IConstruct } from 'constructs';
import { SettingError } from '../../../shared/synth/settings';
import type { RuleWorkload } from '../../ports/identity';
import type { RecordSink, RuleTarget } from '../../ports/records';
import type { Reasons } from '../acknowledge';
import { alarm } from '../alarms';
import { makeDeadLetterQueue } from '../dead-letter-queue';

const DEAD_LETTER: Reasons = {
  'AwsSolutions-SQS3': 'It is itself the dead letter. EventBridge sends to it, and the rule looks for redrive policies only.',
};
const EVENTBRIDGE = 'events.amazonaws.com';
/** The bus of the events of AWS services. Names and metrics of its rules are without it. */
const DEFAULT_BUS = 'default';

/** EventBridge fills in the values in `<>`, texts with their quotes. An event of EventBridge becomes one of the contract. */
const CLOUD_EVENT = '{"specversion":"1.0","id":<id>,"source":<source>,"type":<type>,"time":<time>,"data":<detail>}';
const PATHS = { id: '$.id', source: '$.source', type: '$.detail-type', time: '$.time', detail: '$.detail' };

/** Settings for {@link EventRule}. */
export interface EventRuleProps {
  /** The events that become records. */
  readonly pattern: EventPattern;
  /**
   * The bus of the events.
   * @default - the default bus of the account, with the events of AWS services
   */
  readonly bus?: IEventBus;
  /** The target: a buffer that gets the records, or what else a rule can start. */
  readonly sink: Pick<RecordSink, 'bindRule'>;
  /**
   * Whether `detail` is an event of the contract already. If not, it becomes the `data` of one, with the id, source, type and time
   * of EventBridge.
   * @default false
   */
  readonly isCloudEvent?: boolean;
  /** The queue for events that could not be put into the buffer for a day. */
  readonly deadLetterQueue?: IQueue;
  /** What happens to the dead letters when the stack is deleted. */
  readonly removalPolicy: RemovalPolicy;
}

/**
 * A rule of EventBridge that puts each matching event into a buffer as an event of the contract, without code. An event can come
 * twice. After 24 hours of retries it goes to a dead-letter queue, as EventBridge sent it.
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rules.html
 */
export class EventRule extends Construct implements RuleWorkload {
  readonly ruleArn: string;
  /** Events that could not be put into the buffer. */
  readonly deadLetterQueue: IQueue;
  /** Events that could not be put into the buffer, or not into the dead letter, and dead letters. They have no action yet. */
  readonly alarms: readonly Alarm[];

  private made?: Role;

  constructor(scope: Construct, id: string, props: EventRuleProps) {
    super(scope, id);
    const { pattern, sink, isCloudEvent = false } = props;
    const bus = props.bus?.eventBusName === DEFAULT_BUS ? undefined : props.bus;
    this.deadLetterQueue = props.deadLetterQueue ?? makeDeadLetterQueue(this, props.removalPolicy, { reasons: DEAD_LETTER });
    let targets: CfnRule.TargetProperty[] = [];
    const rule = new CfnRule(this, 'Rule', {
      eventBusName: bus?.eventBusName,
      eventPattern: renderPattern(pattern),
      targets: Lazy.any({ produce: () => targets }),
    });
    this.ruleArn = rule.attrArn;

    const { arn, usesRole, takesPartitionKey, waitFor } = sink.bindRule(this);
    rule.node.addDependency(...waitFor);
    allowRule(this, 'deadLetterQueue', this.deadLetterQueue, this);
    targets = [
      {
        id: 'Buffer',
        arn,
        roleArn: usesRole ? this.role.roleArn : undefined,
        kinesisParameters: takesPartitionKey ? { partitionKeyPath: isCloudEvent ? '$.detail.id' : '$.id' } : undefined,
        ...(isCloudEvent ? { inputPath: '$.detail' } : { inputTransformer: { inputPathsMap: PATHS, inputTemplate: CLOUD_EVENT } }),
        retryPolicy: { maximumEventAgeInSeconds: Duration.days(1).toSeconds(), maximumRetryAttempts: 185 },
        deadLetterConfig: { arn: this.deadLetterQueue.queueArn },
      },
    ];
    this.alarms = alarmsOf(this, rule, bus);
  }

  /** The role for targets that need one. It is created at its first use. */
  get role(): Role {
    const conditions = { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } };
    this.made ??= new Role(this, 'Role', { assumedBy: new ServicePrincipal(EVENTBRIDGE, { conditions }) });
    return this.made;
  }
}

/**
 * Allow a rule of EventBridge to send to a queue, in the policy of the queue: EventBridge uses no role there.
 * @param setting the name of the setting with the queue
 * @throws SettingError if nothing can be added to the policy of the queue or of its key
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html#eb-sqs-permissions
 */
export function allowRule(scope: IConstruct, setting: string, queue: IQueue, { ruleArn }: RuleWorkload): RuleTarget {
  const principals = [new ServicePrincipal(EVENTBRIDGE)];
  const conditions = { ArnEquals: { 'aws:SourceArn': ruleArn } };
  const send = new PolicyStatement({ principals, actions: ['sqs:SendMessage'], resources: [queue.queueArn], conditions });
  // EventBridge sends no source to KMS, so a condition on it would deny the use of the key.
  const encrypt = new PolicyStatement({ principals, actions: ['kms:Decrypt', 'kms:GenerateDataKey'], resources: ['*'] });
  const added = [queue.addToResourcePolicy(send), queue.encryptionMasterKey?.addToResourcePolicy(encrypt)];
  if (added.some((result) => result?.statementAdded === false)) {
    const remedy = 'An imported queue or key keeps its policy: use one that is created in this app.';
    throw new SettingError(scope, `${setting} must have a policy that a rule of EventBridge can be added to`, queue.node.path, remedy);
  }
  return { arn: queue.queueArn, usesRole: false, takesPartitionKey: false, waitFor: [] };
}

/** The pattern as CloudFormation writes it. */
function renderPattern({ detailType, ...pattern }: EventPattern): Readonly<Record<string, unknown>> {
  return { ...pattern, ...(detailType ? { 'detail-type': detailType } : {}) };
}

/** The name of a rule, from its ARN, which ends in `rule/NAME` or `rule/BUS/NAME`. The name of the bus of a partner has slashes too. */
function nameOf(rule: CfnRule, bus: IEventBus | undefined): string {
  const made = bus?.node.defaultChild;
  const busName = (CfnEventBus.isCfnEventBus(made) ? made.eventSourceName : undefined) ?? bus?.eventBusName;
  return Fn.select(1 + (busName?.split('/').length ?? 0), Fn.split('/', rule.attrArn));
}

function alarmsOf(scope: EventRule, rule: CfnRule, bus: IEventBus | undefined): readonly Alarm[] {
  const dimensionsMap = { RuleName: nameOf(rule, bus), ...(bus ? { EventBusName: bus.eventBusName } : undefined) };
  const counted = (metricName: string) =>
    new Metric({ namespace: 'AWS/Events', metricName, dimensionsMap, statistic: 'Sum', period: Duration.minutes(5) });
  const visible = scope.deadLetterQueue.metricApproximateNumberOfMessagesVisible({ period: Duration.minutes(1), statistic: 'Maximum' });
  return [
    alarm(scope, 'Failed', counted('FailedInvocations'), 'EventBridge could not put events into the buffer, and retries no more.'),
    alarm(scope, 'Lost', counted('InvocationsFailedToBeSentToDlq'), 'Events are lost: EventBridge could not send them to the dead letter.'),
    alarm(scope, 'DeadLetters', visible, 'Events of EventBridge could not be put into the buffer. They are kept for 14 days.'),
  ];
}
