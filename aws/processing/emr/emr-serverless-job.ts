import { Aws, Duration } from 'aws-cdk-lib';
import { CfnApplication } from 'aws-cdk-lib/aws-emrserverless';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Construct, type IDependable } from 'constructs';
import { asOptions, requireArguments, requireScript } from '../../../shared/synth/job-script';
import {
  type NumberRule,
  requireNumber,
  requireOneOf,
  requireText,
  requireTime,
  type TextRule,
  type TimeRule,
} from '../../../shared/synth/settings';
import { answerCommonFindings } from '../../foundation/answers';
import { bindFiles, requireFiles } from '../../foundation/spark/files';
import { bindScript } from '../../foundation/spark/script';
import type { Workload } from '../../ports/identity';
import type { Job, StartRequest } from '../../ports/jobs';
import type { BucketStore } from '../../ports/stores';
import { requireSpark, submitParameters } from './spark-settings';
import { allowStart, BUSY } from './start-job-run';

const RELEASE: TextRule = {
  pattern: /^emr-(7\.(1[0-9]|[2-9][0-9])\.\d+|spark-\d+\.\d+\.\d+)$/,
  must: 'be a release of EMR from emr-7.10.0 on',
  remedy: 'Write it like emr-7.13.0. Earlier releases use another file system for S3, for which the permissions do not suffice.',
};
const CAPACITY: NumberRule = { from: 8, to: 4000, unit: 'vCPUs', remedy: 'The driver and each executor have 4.' };
const IDLE: TimeRule = {
  from: 60,
  to: 604_800,
  unit: 'seconds',
  remedy: 'EMR Serverless stops an idle application after 1 minute to 7 days.',
};
const TIMEOUT: TimeRule = { from: 300, to: 604_800, unit: 'seconds', remedy: 'A run waits for its workers for minutes.' };
/** A run that waits longer than this for the one before it fails, in minutes: the maximum of EMR Serverless. */
const LONGEST_QUEUE = 720;

/** Settings for {@link EmrServerlessJob}. */
export interface EmrServerlessJobProps {
  /** The Python script: the path of a file, such as the result of `packageScript`. A changed script is used from the next run on. */
  readonly script: string;
  /**
   * The stores that the job reads, by the name with which their arguments start: `SOURCE` sets `--SOURCE_BUCKET` and
   * `--SOURCE_PREFIX`.
   * @default - none
   */
  readonly inputs?: Readonly<Record<string, BucketStore>>;
  /**
   * The stores that the job writes. It may replace and delete their objects below the prefix. `TARGET` sets `--TARGET_BUCKET`,
   * `--TARGET_PREFIX` and `--TARGET_FAILED_PREFIX`.
   * @default - none
   */
  readonly outputs?: Readonly<Record<string, BucketStore>>;
  /**
   * More arguments of the script, without the hyphens: `{ HOURS: '0' }`.
   * @default - only those of the stores
   */
  readonly arguments?: Readonly<Record<string, string>>;
  /**
   * Settings of Spark, such as the size of its executors.
   * @default - those of EMR Serverless: executors of 4 vCPUs and 14 GB, as many as the work takes
   */
  readonly spark?: Readonly<Record<string, string>>;
  /**
   * The vCPUs of all workers together, from 8 to 4000, with 4 GB of memory each. It limits what a run can cost. The quota of an
   * account is 16 until it is raised, and a run waits for the rest.
   * @default 32
   */
  readonly maxVcpu?: number;
  /**
   * How long the application stays started without a run, from 1 minute to 7 days. It costs nothing meanwhile.
   * @default 15 minutes
   */
  readonly idleTimeout?: Duration;
  /**
   * How long a run may take, from 5 minutes to 7 days, in whole minutes. Then it is stopped. What it has written stays.
   * @default 60 minutes
   */
  readonly timeout?: Duration;
  /**
   * The release of EMR, which decides the version of Spark and Python.
   * @default emr-7.13.0
   */
  readonly releaseLabel?: string;
  /**
   * The processors. ARM64 costs a fifth less, and cannot run packages that are compiled for X86_64.
   * @default ARM64
   */
  readonly architecture?: 'ARM64' | 'X86_64';
}

/**
 * Processing stage: a Spark job of EMR Serverless that reads and writes stores, and ends.
 *
 * Make it a step of `StepFunctionsOrchestration`, which starts it, retries it, and raises an alarm if it fails. Runs wait for
 * each other, up to 12 hours, and the `timeout` of the state machine counts the wait. Logs are kept by EMR for 30 days, in its
 * console.
 *
 * Not for small steady work: `GlueJob` needs no application, and `LambdaProcessor` is cheaper for megabytes. The first application
 * of an account creates a service-linked role, so whoever deploys it needs `iam:CreateServiceLinkedRole`.
 *
 * Idle it costs nothing, because no workers are kept ready. A run costs about 6 cents for a vCPU with 4 GB and an hour, billed by
 * the second, at least a minute. A deploy that changes the application fails while it is started: it stops itself after
 * `idleTimeout`. Script and arguments can always change.
 * @see https://docs.aws.amazon.com/emr/latest/EMR-Serverless-UserGuide/emr-serverless.html
 */
export class EmrServerlessJob extends Construct implements Workload, Job {
  readonly role: Role;
  /** The application that runs the job, for anything this construct does not cover. */
  readonly application: CfnApplication;

  private readonly run: Readonly<Record<string, unknown>>;
  private readonly waitFor: readonly IDependable[];

  constructor(scope: Construct, id: string, props: EmrServerlessJobProps) {
    super(scope, id);
    const { script, inputs = {}, outputs = {}, spark = {}, maxVcpu = 32, releaseLabel = 'emr-7.13.0', architecture = 'ARM64' } = props;
    const { idleTimeout = Duration.minutes(15), timeout = Duration.minutes(60) } = props;
    requireScript(this, script);
    requireFiles(this, { inputs, outputs });
    requireArguments(this, props.arguments ?? {}, Object.keys({ ...inputs, ...outputs }));
    requireSpark(this, spark);
    requireNumber(this, { maxVcpu }, CAPACITY, 'known');
    for (const [setting, time, rule] of [
      ['idleTimeout', idleTimeout, IDLE],
      ['timeout', timeout, TIMEOUT],
    ] as const) {
      requireTime(this, { [setting]: time }, rule);
      requireNumber(this, { [setting]: time.toSeconds() }, rule, 'known');
    }
    requireText(this, { releaseLabel }, RELEASE);
    requireOneOf(this, { architecture }, ['ARM64', 'X86_64'], 'EMR Serverless has no others.');

    const conditions = { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } };
    this.role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('emr-serverless.amazonaws.com', { conditions }) });
    const code = bindScript(this, script);
    const files = bindFiles(this, { inputs, outputs });
    this.application = new CfnApplication(this, 'Application', {
      type: 'SPARK',
      releaseLabel,
      architecture,
      autoStartConfiguration: { enabled: true },
      autoStopConfiguration: { enabled: true, idleTimeoutMinutes: Math.ceil(idleTimeout.toSeconds() / 60) },
      // Disks: 20 GB for each worker of 4 vCPUs is the default of a worker, and twice that leaves room for larger ones.
      maximumCapacity: { cpu: `${maxVcpu} vCPU`, memory: `${maxVcpu * 4} GB`, disk: `${maxVcpu * 10} GB` },
      schedulerConfiguration: { maxConcurrentRuns: 1, queueTimeoutMinutes: LONGEST_QUEUE },
      monitoringConfiguration: { managedPersistenceMonitoringConfiguration: { enabled: true } },
    });
    answerCommonFindings(this);
    this.waitFor = [...code.waitFor, ...files.waitFor];
    this.run = {
      ApplicationId: this.application.attrApplicationId,
      ExecutionRoleArn: this.role.roleArn,
      ExecutionTimeoutMinutes: Math.ceil(timeout.toSeconds() / 60),
      JobDriver: {
        SparkSubmit: {
          EntryPoint: code.url,
          EntryPointArguments: Object.entries(asOptions({ ...props.arguments, ...files.settings })).flat(),
          SparkSubmitParameters: submitParameters(spark),
        },
      },
    };
  }

  bindStart(starter: Workload): StartRequest {
    return {
      resource: `arn:${Aws.PARTITION}:states:::emr-serverless:startJobRun.sync`,
      parameters: this.run,
      busy: BUSY,
      waitFor: [...this.waitFor, ...allowStart(starter, this.application.attrArn, this.role)],
    };
  }
}
