import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import { type IRole, Policy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  ApplicationLogLevel,
  Architecture,
  type CfnFunction,
  Code,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
  SystemLogLevel,
  Tracing,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { bindStores, type HandlerCode, requireFit } from '../../../shared/synth/handler-needs';
import { requireNumber, requireOneOf, requireResource, requireTime } from '../../../shared/synth/settings';
import { acknowledge, type Reasons } from '../../foundation/acknowledge';
import { alarm } from '../../foundation/alarms';
import { answerCommonFindings } from '../../foundation/answers';
import type { Delivery } from '../../ports/delivery';
import type { FunctionWorkload } from '../../ports/identity';
import type { RecordSource } from '../../ports/records';
import type { ObjectStore, TableStore } from '../../ports/stores';

const FUNCTION: Reasons = {
  'CKV_AWS_115, NIST.800.53.R5-LambdaConcurrency':
    'Concurrency follows the source, and what one function reserves, others lack. To bound it: reservedConcurrentExecutions.',
  'CKV_AWS_116, NIST.800.53.R5-LambdaDLQ':
    'It is called by an event source mapping, which has the dead letter; nobody calls it without waiting.',
  'CKV_AWS_117, NIST.800.53.R5-LambdaInsideVPC':
    'It calls services of AWS alone, over TLS and by its role. In a network each of them would cost an endpoint.',
  CKV_AWS_173: 'The variables hold names and no secrets. Lambda encrypts them with its own key.',
};

/** Settings for {@link LambdaProcessor}. */
export interface LambdaProcessorProps {
  /**
   * The handler: what `packageHandler` makes, whose source and stores are checked, or any code with an `index.js` that
   * exports `handler`.
   */
  readonly code: HandlerCode | Code;
  /** Where the records come from. */
  readonly source: RecordSource;
  /** Where the results go, each by the name that starts its settings: `STORE` gives the function `STORE_BUCKET`. */
  readonly stores: Readonly<Record<string, ObjectStore | TableStore>>;
  /**
   * How records are batched and retried.
   * @default - as the source sees fit
   */
  readonly delivery?: Delivery;
  /**
   * Memory of the function in MiB, from 128 to 10240. Its share of the processor grows with it.
   * @default 512
   */
  readonly memoryMiB?: number;
  /**
   * How long one batch may take, up to 15 minutes. A batch that takes longer counts as failed and is retried.
   * @default 60 seconds
   */
  readonly timeout?: Duration;
  /**
   * How long the logs of the function are kept.
   * @default one month
   */
  readonly logRetention?: RetentionDays;
  /**
   * An existing role for the function. It gets the permissions it needs added.
   * @default - a new role, for this function alone
   */
  readonly role?: IRole;
}

/**
 * Processing stage: a Lambda function on Node.js 24 that gets batches of records and answers for each of them.
 *
 * Its concurrency follows the source, so none is reserved. Not for work over 15 minutes: use a container that pulls.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html
 */
export class LambdaProcessor extends Construct implements FunctionWorkload {
  readonly role: IRole;
  /** The function, for anything this construct does not cover. */
  readonly function: LambdaFunction;
  /** Failed and throttled calls. None has an action yet. */
  readonly alarms: readonly Alarm[];

  constructor(scope: Construct, id: string, props: LambdaProcessorProps) {
    super(scope, id);
    const memorySize = props.memoryMiB ?? 512;
    const timeout = props.timeout ?? Duration.seconds(60);
    requireNumber(this, { memoryMiB: memorySize }, { from: 128, to: 10_240, unit: 'MiB', remedy: 'Lambda offers no other sizes.' });
    requireTime(this, { timeout }, { from: 1, to: 900, unit: 'seconds', remedy: 'For longer work use a container that pulls.' });
    const logRetention = props.logRetention ?? RetentionDays.ONE_MONTH;
    requireOneOf(this, { logRetention }, Object.values(RetentionDays).filter(Number.isInteger), 'Write it like RetentionDays.ONE_YEAR.');
    requireResource(this, { role: props.role });
    const handler = { code: 'zip' in props.code ? props.code : undefined, source: props.source, stores: props.stores };
    requireFit(this, handler);

    const logGroup = new LogGroup(this, 'Logs', {
      retention: logRetention,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.role = props.role ?? new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    const grants = [logGroup.grantWrite(this.role), this.allowTracing()];
    const bindings = [...bindStores(this, handler), props.source.deadLetter.bindWriter(this, 'DEAD_LETTER')];

    this.function = new LambdaFunction(this, 'Function', {
      code: 'zip' in props.code ? Code.fromAsset(props.code.zip) : props.code,
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize,
      timeout,
      role: this.role,
      environment: Object.assign({ PROCESSOR: this.node.addr.slice(-8) }, ...bindings.map((binding) => binding.settings)),
      logGroup,
      loggingFormat: LoggingFormat.JSON,
      applicationLogLevelV2: ApplicationLogLevel.INFO,
      systemLogLevelV2: SystemLogLevel.INFO,
    });
    const resource = this.function.node.defaultChild as CfnFunction;
    resource.tracingConfig = { mode: Tracing.ACTIVE };
    acknowledge(resource, FUNCTION);
    answerCommonFindings(this, this.role);
    this.function.node.addDependency(...grants, ...bindings.flatMap((binding) => binding.waitFor));
    props.source.deliverTo(this, props.delivery);

    this.alarms = [
      alarm(
        this,
        'Errors',
        this.function.metricErrors(),
        'Calls of the function failed. Their records are tried again, then go to the dead letter.',
      ),
      alarm(this, 'Throttles', this.function.metricThrottles(), 'Lambda turned calls away. Records wait in the buffer.'),
    ];
  }

  /** X-Ray takes no narrower resource. In a policy of its own, this wildcard hides no other from a scanner. */
  private allowTracing(): Policy {
    const actions = ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'];
    const policy = new Policy(this, 'Tracing', { roles: [this.role], statements: [new PolicyStatement({ actions, resources: ['*'] })] });
    return acknowledge(policy, { 'AwsSolutions-IAM5[Resource::*]': 'Traces belong to no resource, so X-Ray takes no other.' });
  }
}
