import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import type { Connections, ISecurityGroup } from 'aws-cdk-lib/aws-ec2';
import type { IRole } from 'aws-cdk-lib/aws-iam';
import {
  ApplicationLogLevel,
  Architecture,
  type CfnFunction,
  Code,
  Handler,
  type IEventSourceMapping,
  type ILayerVersion,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
  SystemLogLevel,
  Tracing,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { bindStores, type HandlerCode, requireFit } from '../../../shared/synth/handler-needs';
import { requireNumber, requireOneOf, requireResource, requireTime, SettingError } from '../../../shared/synth/settings';
import { acknowledge } from '../../foundation/acknowledge';
import { alarm, LASTING } from '../../foundation/alarms';
import { answerCommonFindings } from '../../foundation/answers';
import { requireMutableRole } from '../../foundation/home';
import type { Delivery } from '../../ports/delivery';
import type { FunctionWorkload } from '../../ports/identity';
import type { Network } from '../../ports/network';
import type { RecordSource } from '../../ports/records';
import type { ObjectStore, TableStore } from '../../ports/stores';
import { allowNetwork, allowTracing, findingsOf, nameOf, requireRuntime, requireVariables, roleOf } from './function-settings';

/** Settings for {@link LambdaProcessor}. */
export interface LambdaProcessorProps {
  /**
   * The handler: what `packageHandler` makes, whose source and stores are checked, or any other code: a file `index` with a
   * function `handler` in the language of `runtime`, or a container image for arm64. It owes what the handlers here do: it says
   * what failed in `batchItemFailures`, and sends what can never be processed to the dead letter.
   */
  readonly code: HandlerCode | Code;
  /** Where the records come from. */
  readonly source: RecordSource;
  /** Where the results go, each by the name that starts its settings: `STORE` gives the function `STORE_BUCKET`. */
  readonly stores: Readonly<Record<string, ObjectStore | TableStore>>;
  /**
   * How records are batched, filtered and retried, and where a stream is read from.
   * @default - the defaults of the source, which `Delivery` lists
   */
  readonly delivery?: Delivery;
  /**
   * What tells the processor from others: with the name of the stack it stands in the names of objects, so another name
   * writes beside what is there, and does not replace it. 1 to 32 lower-case letters, digits and hyphens.
   * @default processing
   */
  readonly name?: string;
  /**
   * More variables for the code. Whoever may look at the function reads them: a secret belongs into Secrets Manager.
   * @default - those of the stores and of the dead letter alone
   */
  readonly environment?: Readonly<Record<string, string>>;
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
   * An existing role of this account for the function. It gets the permissions it needs added.
   * @default - a new role, for this function alone
   */
  readonly role?: IRole;
  /**
   * A network that the function stands in, to reach what is there. Its store and the queue of its dead letter must be in reach
   * too: by an endpoint for S3, by one for SQS, which costs by the hour, or by a way out.
   * @default - none: it reaches AWS over TLS, and nothing of a network
   */
  readonly network?: Network;
  /**
   * The security groups of the function in that network.
   * @default - a new one, which lets everything out and nothing in
   */
  readonly securityGroups?: readonly ISecurityGroup[];
  /**
   * Layers, the last above the others.
   * @default - none
   */
  readonly layers?: readonly ILayerVersion[];
  /**
   * What the code runs on. A bundled handler takes the default alone, a container image `FROM_IMAGE` alone.
   * @default nodejs24.x
   */
  readonly runtime?: Runtime;
  /**
   * Whether calls are traced by X-Ray, which samples them and costs by the trace.
   * @default Active
   */
  readonly tracing?: Tracing;
}

/**
 * Processing stage: a Lambda function that gets batches of records and answers for each of them.
 *
 * Its concurrency follows the source, so none is reserved. Not for work over 15 minutes: use a container that pulls.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html
 */
export class LambdaProcessor extends Construct implements FunctionWorkload {
  readonly role: IRole;
  /** The function, for anything this construct does not cover. */
  readonly function: LambdaFunction;
  /** What brings the records. */
  readonly trigger: IEventSourceMapping;
  /** Set in a network, so that what stands there can let the function in. */
  readonly connections?: Connections;
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
    const { network, securityGroups, runtime = Runtime.NODEJS_24_X, tracing = Tracing.ACTIVE, environment = {} } = props;
    requireMutableRole(this, { role: props.role });
    requireResource(this, { 'network.vpc': network?.vpc });
    for (const [setting, resources] of Object.entries({ securityGroups, layers: props.layers })) {
      for (const one of resources ?? []) requireResource(this, { [setting]: one });
    }
    if (securityGroups && !network) {
      throw new SettingError(this, 'securityGroups must come with a network', 'none', 'Give the network, or leave them out.');
    }
    requireOneOf(this, { tracing }, Object.values(Tracing), 'Write it like Tracing.DISABLED.');
    requireRuntime(this, runtime, props.code, props.layers);
    requireVariables(this, environment, Object.keys(props.stores));
    const handler = { code: 'zip' in props.code ? props.code : undefined, source: props.source, stores: props.stores };
    requireFit(this, handler);
    const name = nameOf(this, props.name ?? 'processing');

    const logGroup = new LogGroup(this, 'Logs', {
      retention: logRetention,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.role = roleOf(this, props.role);
    const grants = [
      logGroup.grantWrite(this.role),
      ...(tracing === Tracing.ACTIVE ? [allowTracing(this, this.role)] : []),
      ...(network ? [allowNetwork(this, this.role)] : []),
    ];
    const bindings = [...bindStores(this, handler), props.source.deadLetter.bindWriter(this, 'DEAD_LETTER')];

    this.function = new LambdaFunction(this, 'Function', {
      code: 'zip' in props.code ? Code.fromAsset(props.code.zip) : props.code,
      handler: runtime === Runtime.FROM_IMAGE ? Handler.FROM_IMAGE : 'index.handler',
      runtime,
      architecture: Architecture.ARM_64,
      memorySize,
      timeout,
      role: props.role ?? this.role,
      environment: Object.assign({ PROCESSOR: name }, environment, ...bindings.map((binding) => binding.settings)),
      ...(network && { vpc: network.vpc, vpcSubnets: network.subnets, securityGroups: securityGroups && [...securityGroups] }),
      layers: props.layers && [...props.layers],
      logGroup,
      loggingFormat: LoggingFormat.JSON,
      applicationLogLevelV2: ApplicationLogLevel.INFO,
      systemLogLevelV2: SystemLogLevel.INFO,
    });
    const resource = this.function.node.defaultChild as CfnFunction;
    if (tracing !== Tracing.DISABLED) resource.tracingConfig = { mode: tracing };
    acknowledge(resource, findingsOf(network));
    if (network) this.connections = this.function.connections;
    answerCommonFindings(this, this.role);
    this.function.node.addDependency(...grants, ...bindings.flatMap((binding) => binding.waitFor));
    this.trigger = props.source.deliverTo(this, props.delivery);

    this.alarms = [
      alarm(this, 'Errors', this.function.metricErrors(), 'For a quarter of an hour calls have failed. Records are tried again.', LASTING),
      alarm(this, 'Throttles', this.function.metricThrottles(), 'For a quarter of an hour Lambda has turned calls away.', LASTING),
    ];
  }
}
