import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { type Alarm, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { type IRole, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  ApplicationLogLevel,
  Architecture,
  type Code,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
  SystemLogLevel,
  Tracing,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { requireNumber } from '../../shared/synth/settings';
import type { Delivery, FunctionWorkload, ObjectStore, RecordSource, TableStore } from '../ports';

/** Settings for {@link LambdaProcessor}. */
export interface LambdaProcessorProps {
  /** The bundled handler: a folder or a zip with an `index.js` that exports `handler`. */
  readonly code: Code;
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
    const seconds = timeout.toSeconds({ integral: false });
    requireNumber(this, { timeout: seconds }, { from: 1, to: 900, unit: 'seconds', remedy: 'For longer work use a container that pulls.' });

    const logGroup = new LogGroup(this, 'Logs', {
      retention: props.logRetention ?? RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.role = props.role ?? new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    const grants = [logGroup.grantWrite(this.role)];
    const bindings = [
      ...Object.entries(props.stores).map(([name, store]) => store.bindWriter(this, name)),
      props.source.deadLetter.bindWriter(this, 'DEAD_LETTER'),
    ];

    this.function = new LambdaFunction(this, 'Function', {
      code: props.code,
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize,
      timeout,
      role: this.role,
      environment: Object.assign({ PROCESSOR: this.node.addr.slice(-8) }, ...bindings.map((binding) => binding.settings)),
      tracing: Tracing.ACTIVE,
      logGroup,
      loggingFormat: LoggingFormat.JSON,
      applicationLogLevelV2: ApplicationLogLevel.INFO,
      systemLogLevelV2: SystemLogLevel.INFO,
    });
    this.function.node.addDependency(...grants, ...bindings.flatMap((binding) => binding.waitFor));
    props.source.deliverTo(this, props.delivery);

    this.alarms = [
      this.alarm(
        'Errors',
        this.function.metricErrors(),
        'Calls of the function failed. Their records are tried again, then go to the dead letter.',
      ),
      this.alarm('Throttles', this.function.metricThrottles(), 'Lambda turned calls away. Records wait in the buffer.'),
    ];
  }

  private alarm(id: string, metric: ReturnType<LambdaFunction['metricErrors']>, alarmDescription: string): Alarm {
    return metric.createAlarm(this, `${id}Alarm`, {
      threshold: 1,
      evaluationPeriods: 1,
      treatMissingData: TreatMissingData.NOT_BREACHING,
      alarmDescription,
    });
  }
}
