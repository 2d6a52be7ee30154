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
   * The handler: the result of `packageHandler`, whose source and stores are checked, or other code: a file `index` with a
   * function `handler` in the language of `runtime`, or a container image for arm64. Other code must report failed records in
   * `batchItemFailures`, and send records that can never be processed to the dead letter.
   */
  readonly code: HandlerCode | Code;
  /** The buffer that the records are read from. */
  readonly source: RecordSource;
  /** The stores, by the name with which their variables start: `STORE` sets `STORE_BUCKET`. */
  readonly stores: Readonly<Record<string, ObjectStore | TableStore>>;
  /**
   * How records are batched, filtered and retried, and where reading starts.
   * @default - 1000 records or a minute from Kinesis, 100 records or 5 seconds from SQS, 1 object from S3; the rest is at `Delivery`
   */
  readonly delivery?: Delivery;
  /**
   * The name of the processor. With the name of the stack it is a part of object names, so after a change, records that are read
   * again are stored a second time. 1 to 32 lower-case letters, digits and hyphens.
   * @default processing
   */
  readonly name?: string;
  /**
   * More environment variables. Everyone with `lambda:GetFunction` can read them: put secrets into Secrets Manager.
   * @default - only those of the stores and of the dead letter
   */
  readonly environment?: Readonly<Record<string, string>>;
  /**
   * Memory of the function in MiB, from 128 to 10240. Its share of CPU grows with it.
   * @default 512
   */
  readonly memoryMiB?: number;
  /**
   * How long one batch may take, up to 15 minutes. A batch that takes longer counts as failed and is retried.
   * @default 60 seconds
   */
  readonly timeout?: Duration;
  /**
   * The retention of the logs of the function.
   * @default one month
   */
  readonly logRetention?: RetentionDays;
  /**
   * An existing role of this account for the function. The required permissions are added to it.
   * @default - a new role for this function only
   */
  readonly role?: IRole;
  /**
   * A VPC to connect the function to. From there it must also reach its store and the dead-letter queue: over a gateway endpoint
   * for S3, over an interface endpoint for SQS, which costs by the hour, or over a NAT gateway.
   * @default - none: it reaches the services of AWS over TLS, and nothing in a VPC
   */
  readonly network?: Network;
  /**
   * The security groups of the function in that VPC.
   * @default - a new security group, which allows all outbound and no inbound traffic
   */
  readonly securityGroups?: readonly ISecurityGroup[];
  /**
   * Layers, in the order in which they are merged: files of a later layer overwrite those of an earlier one.
   * @default - none
   */
  readonly layers?: readonly ILayerVersion[];
  /**
   * The Lambda runtime. A bundled handler requires the default, a container image requires `FROM_IMAGE`.
   * @default nodejs24.x
   */
  readonly runtime?: Runtime;
  /**
   * Whether X-Ray traces calls. It samples them, and each trace costs money.
   * @default Active
   */
  readonly tracing?: Tracing;
}

/**
 * Processing stage: a Lambda function that gets batches of records, and reports which records failed.
 *
 * It has no reserved concurrency. Not for work over 15 minutes: use a container that pulls records.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html
 */
export class LambdaProcessor extends Construct implements FunctionWorkload {
  readonly role: IRole;
  /** The function, for anything this construct does not cover. */
  readonly function: LambdaFunction;
  /** The event source mapping. */
  readonly trigger: IEventSourceMapping;
  /** Set with `network`, so that resources there can allow traffic from the function. */
  readonly connections?: Connections;
  /** Failed and throttled calls. They have no action yet. */
  readonly alarms: readonly Alarm[];

  constructor(scope: Construct, id: string, props: LambdaProcessorProps) {
    super(scope, id);
    const memorySize = props.memoryMiB ?? 512;
    const timeout = props.timeout ?? Duration.seconds(60);
    requireNumber(this, { memoryMiB: memorySize }, { from: 128, to: 10_240, unit: 'MiB', remedy: 'Lambda has no other sizes.' });
    requireTime(this, { timeout }, { from: 1, to: 900, unit: 'seconds', remedy: 'For longer work, use a container that pulls records.' });
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
    const handler = { code: 'zip' in props.code ? props.code : undefined, source: props.source, stores: props.stores };
    requireFit(this, handler);
    requireVariables(this, environment, props.source, Object.keys(props.stores));
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
    const content = props.source.bindContent?.(this, 'SOURCE');
    const bindings = [...bindStores(this, handler), props.source.deadLetter.bindWriter(this, 'DEAD_LETTER'), ...(content ? [content] : [])];

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
      alarm(this, 'Errors', this.function.metricErrors(), 'For 15 minutes calls have failed. Records are retried.', LASTING),
      alarm(this, 'Throttles', this.function.metricThrottles(), 'For 15 minutes Lambda has throttled calls.', LASTING),
    ];
  }
}
