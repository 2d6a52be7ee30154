import { Aws, Duration, Stack } from 'aws-cdk-lib';
import type { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { type CfnStateMachine, DefinitionBody, StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import {
  type NumberRule,
  type Removal,
  requireNumber,
  requireOneOf,
  requireResource,
  requireTime,
  SettingError,
  type TimeRule,
} from '../../../shared/synth/settings';
import { acknowledge, type Reasons } from '../../foundation/acknowledge';
import { answerCommonFindings } from '../../foundation/answers';
import { bindDeadLetterQueue, makeDeadLetterQueue, requireStandardQueue } from '../../foundation/dead-letter-queue';
import { EventRule } from '../../foundation/events/event-rule';
import { allow } from '../../foundation/grants';
import { removalPolicyOf } from '../../foundation/removal';
import type { RuleWorkload, Workload } from '../../ports/identity';
import type { RuleTarget } from '../../ports/records';
import type { BucketStore } from '../../ports/stores';
import { definitionOf, requireSteps, type Step } from './definition';
import { alarmsOf } from './machine-alarms';
import { watchHistory } from './machine-logs';
import { requireSchedule, silenceAlarm, startOnSchedule } from './schedule';

const UNREAD: Reasons = {
  'AwsSolutions-SQS3': 'It is itself the dead letter. Executions send to it, and the rule looks for redrive policies only.',
};
const TIMEOUT: TimeRule = { from: 60, to: 172_800, unit: 'seconds', remedy: 'Divide a job that takes longer than two days.' };
const RETRIES: NumberRule = { from: 0, to: 10, unit: 'retries', remedy: 'A failure that does not pass by itself goes to the dead letter.' };

/** Settings for {@link StepFunctionsOrchestration}. */
export interface StepFunctionsOrchestrationProps {
  /**
   * The steps, in order. A step has one job, or several that run in parallel, by the names that the history shows:
   * `[{ Compact: job }, { Report: report, Train: training }]`. If a job of a step fails, the others of this step are stopped.
   */
  readonly steps: readonly Step[];
  /**
   * When executions start: a rate, or a cron expression with its time zone. A start can come twice, and while an execution is
   * still running.
   * @default - only people and services with `states:StartExecution` start executions
   */
  readonly schedule?: ScheduleExpression;
  /**
   * A store whose new objects start an execution each, with an event of the contract as input: `data` has the bucket and the key.
   * A job that adds objects to this store starts the next execution, without end: let it write to another store.
   * @default - new objects start nothing
   */
  readonly onCreated?: BucketStore;
  /**
   * How long one try of a job may take, from a minute to two days. It is stopped then, is not retried, and goes to the dead
   * letter. Set it above the timeout of the job itself.
   * @default 3 hours
   */
  readonly timeout?: Duration;
  /**
   * How often a failed job is retried, from 0 to 10. A service that is busy is asked again for at least twice `timeout`,
   * whatever this says.
   * @default 2
   */
  readonly maxRetries?: number;
  /**
   * The retention of the logs. They have the history of each execution, without input and output of its jobs.
   * @default one month
   */
  readonly logRetention?: RetentionDays;
  /**
   * An existing standard queue for failed executions, of this account and region. Set its retention to 14 days.
   * @default - a new queue with a retention of 14 days
   */
  readonly deadLetterQueue?: IQueue;
  /**
   * What happens to the dead letter when the stack is deleted. `destroy` also requires the context `destroyData`.
   * @default retain
   */
  readonly removal?: Removal;
}

/**
 * Processing stage: a state machine of Step Functions that runs jobs in order and in parallel, retries them, and writes failed
 * executions to a dead letter, with input, error and execution. To run one again, start an execution with its input.
 *
 * Not for a record at a time: use `LambdaProcessor`. Jobs must be repeatable, because executions can start twice, and while
 * another is running.
 *
 * Idle it costs its alarms, about a dollar a month; a thousand executions of three jobs cost 13 cents and their jobs. A deploy
 * changes every setting in place: running executions keep their definition. A deploy that deletes or replaces the state machine
 * stops its executions and deletes their history.
 * @see https://docs.aws.amazon.com/step-functions/latest/dg/welcome.html
 */
export class StepFunctionsOrchestration extends Construct implements Workload {
  readonly role: Role;
  /** The state machine, for anything this construct does not cover. */
  readonly stateMachine: StateMachine;
  /** The dead-letter queue. Each message is JSON with `execution`, `input` and `error`. */
  readonly deadLetterQueue: IQueue;
  /** Failed, stopped and missing executions, and dead letters. They have no action yet. */
  readonly alarms: readonly Alarm[];

  constructor(scope: Construct, id: string, props: StepFunctionsOrchestrationProps) {
    super(scope, id);
    const {
      steps,
      schedule,
      onCreated,
      deadLetterQueue,
      maxRetries = 2,
      timeout = Duration.hours(3),
      logRetention = RetentionDays.ONE_MONTH,
    } = props;
    requireSteps(this, steps);
    if (schedule !== undefined) requireSchedule(this, schedule);
    requireResource(this, { onCreated });
    if (onCreated && typeof onCreated.bindCreated !== 'function') {
      throw new SettingError(this, 'onCreated must be a store of objects in S3', 'another construct', 'Give an S3Store.');
    }
    requireTime(this, { timeout }, TIMEOUT);
    requireNumber(this, { timeout: timeout.toSeconds() }, TIMEOUT, 'known');
    requireNumber(this, { maxRetries }, RETRIES, 'known');
    requireOneOf(this, { logRetention }, Object.values(RetentionDays).filter(Number.isInteger), 'Write it like RetentionDays.ONE_YEAR.');
    requireStandardQueue(this, { deadLetterQueue }, 'EventBridge Scheduler sends to no other.');
    const removalPolicy = removalPolicyOf(this, props.removal);

    this.deadLetterQueue = deadLetterQueue ?? makeDeadLetterQueue(this, removalPolicy, { reasons: UNREAD });
    this.role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('states.amazonaws.com', {
        conditions: {
          StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID },
          ArnLike: { 'aws:SourceArn': Stack.of(this).formatArn({ service: 'states', resource: 'stateMachine:*' }) },
        },
      }),
    });
    const requests = steps.map((step) => Object.fromEntries(Object.entries(step).map(([name, job]) => [name, job.bindStart(this)])));
    const letters = bindDeadLetterQueue(this.deadLetterQueue, this, 'DEAD_LETTER');
    const tries = { maxRetries, timeout: timeout.toSeconds() };
    const definition = definitionOf(requests, tries, this.deadLetterQueue.queueUrl);

    this.stateMachine = new StateMachine(this, 'StateMachine', {
      definitionBody: DefinitionBody.fromString(Stack.of(this).toJsonString(definition)),
      role: this.role,
    });
    const resource = this.stateMachine.node.defaultChild as CfnStateMachine;
    const history = watchHistory(this, resource, this.role, logRetention);
    acknowledge(resource, { W3005: 'The CDK adds a second dependency on the role, which is harmless.' });
    answerCommonFindings(this);
    const starts = requests.flatMap((step) => Object.values(step).flatMap(({ waitFor }) => waitFor));
    this.stateMachine.node.addDependency(...history, ...letters.waitFor, ...starts);
    if (schedule) startOnSchedule(this, this.stateMachine, schedule, this.deadLetterQueue);
    const rule = onCreated && new EventRule(this, 'Created', { pattern: onCreated.bindCreated(), sink: this, removalPolicy });

    this.alarms = [
      ...alarmsOf(this, this.stateMachine, this.deadLetterQueue),
      ...(schedule ? silenceAlarm(this, this.stateMachine, schedule) : []),
      ...(rule?.alarms ?? []),
    ];
  }

  /** Allow a rule of EventBridge to start executions. Their input is the event. */
  bindRule(rule: RuleWorkload): RuleTarget {
    const waitFor = allow(rule, this.stateMachine.stateMachineArn, ['states:StartExecution']);
    return { arn: this.stateMachine.stateMachineArn, usesRole: true, takesPartitionKey: false, waitFor };
  }
}
