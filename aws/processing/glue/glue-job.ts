import { Aws, Duration, Stack } from 'aws-cdk-lib';
import { CfnJob } from 'aws-cdk-lib/aws-glue';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { asOptions, requireArguments, requireScript } from '../../../shared/synth/job-script';
import {
  type NumberRule,
  requireNumber,
  requireOneOf,
  requireText,
  requireTime,
  SettingError,
  type TextRule,
  type TimeRule,
} from '../../../shared/synth/settings';
import { acknowledge, type Reasons } from '../../foundation/acknowledge';
import { answerCommonFindings } from '../../foundation/answers';
import { allow } from '../../foundation/grants';
import { bindFiles, requireFiles } from '../../foundation/spark/files';
import { bindScript } from '../../foundation/spark/script';
import type { Workload } from '../../ports/identity';
import type { Job, StartRequest } from '../../ports/jobs';
import type { BucketStore } from '../../ports/stores';
import { allowBookmarks } from './job-bookmarks';
import { allowLogs } from './job-logs';

const VERSION: TextRule = {
  pattern: /^(?:5\.[1-9]|(?:[6-9]|[1-9]\d)\.\d)$/,
  must: 'be a version of Glue from 5.1 on',
  remedy: 'Write it like 5.1. Earlier versions use another file system for S3, for which the permissions do not suffice.',
};
const WORKERS: NumberRule = { from: 2, to: 299, unit: 'workers', remedy: 'The first of them is the driver.' };
const TIMEOUT: TimeRule = { from: 60, to: 604_800, unit: 'seconds', remedy: 'Glue ends every run after seven days.' };
const WORKER_TYPES = ['G.1X', 'G.2X', 'G.4X', 'G.8X', 'G.12X', 'G.16X', 'R.1X', 'R.2X', 'R.4X', 'R.8X'] as const;
const FLEXIBLE: readonly string[] = ['G.1X', 'G.2X'];
const CONFIGURATION: TextRule = {
  pattern: /^[\w-]{1,255}$/,
  must: 'be the name of a security configuration',
  remedy: 'See aws glue get-security-configurations.',
};
/** The arguments that Glue gives to a script, and those that the job sets. */
const OWN = ['JOB_NAME', 'JOB_ID', 'JOB_RUN_ID', 'job-bookmark-option', 'custom-logGroup-prefix'];
/** https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-exceptions.html. Throttling is reported as the first of them. */
const BUSY = [
  'AWSGlueException',
  'ConcurrentRunsExceededException',
  'OperationTimeoutException',
  'ResourceNumberLimitExceededException',
].map((name) => `Glue.${name}`);

const CONFIGURED: Reasons = {
  'AwsSolutions-GL1, AwsSolutions-GL3': 'It has a security configuration that is not in the template.',
};
const UNCONFIGURED: Reasons = {
  'AwsSolutions-GL1, AwsSolutions-GL3, CKV_AWS_195':
    'Its logs have no data, Glue encrypts bookmarks with its own key, and what it writes is encrypted by its store. For a key of yours, set securityConfiguration.',
};

/** Settings for {@link GlueJob}. */
export interface GlueJobProps {
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
   * More arguments of the script, without the hyphens: `{ HOURS: '0' }`. Everyone with `glue:GetJob` can read them.
   * @default - only those of the stores
   */
  readonly arguments?: Readonly<Record<string, string>>;
  /**
   * The number of workers, from 2 to 299. Each is billed for the time of a run, at least a minute.
   * @default 2
   */
  readonly workers?: number;
  /**
   * The size of a worker. G.1X has 4 vCPUs and 16 GB, and each next size twice as much; R has twice the memory of G.
   * @default G.1X
   */
  readonly workerType?: (typeof WORKER_TYPES)[number];
  /**
   * How long a run may take, from a minute to 7 days, in whole minutes. Then Glue stops it. What it has written stays.
   * @default 60 minutes
   */
  readonly timeout?: Duration;
  /**
   * Whether a run may wait for spare capacity, for about a third less. For jobs that nobody waits for, on G.1X and G.2X only.
   * @default false
   */
  readonly flex?: boolean;
  /**
   * Whether Glue keeps bookmarks for the script, which needs `Job.init`, `job.commit` and a `transformation_ctx` for them.
   * @default false
   */
  readonly bookmarks?: boolean;
  /**
   * The version of Glue, from 5.1 on, which decides the version of Spark and Python.
   * @default 5.1
   */
  readonly glueVersion?: string;
  /**
   * The retention of the logs.
   * @default one month
   */
  readonly logRetention?: RetentionDays;
  /**
   * The name of an existing security configuration, to encrypt logs, bookmarks and local disks with a key of yours. The role of
   * the job needs the use of that key. If it encrypts logs, Glue names their groups itself, and they have no `logRetention`.
   * @default - none: Glue and CloudWatch Logs encrypt them with keys of their own
   */
  readonly securityConfiguration?: string;
}

/**
 * Processing stage: a Spark job of Glue that reads and writes stores, and ends.
 *
 * Make it a step of `StepFunctionsOrchestration`, which starts it, retries it, and raises an alarm if it fails. It runs once at
 * a time, and does not retry itself.
 *
 * Not for seconds of latency, nor for megabytes: use `LambdaProcessor`. Not for hours on many workers: `EmrServerlessJob` costs less.
 *
 * Idle it costs nothing. A run of two workers costs 88 cents an hour, billed by the second, at least a minute. A deploy changes
 * every setting in place: a run that has started keeps the settings that it started with.
 * @see https://docs.aws.amazon.com/glue/latest/dg/add-job.html
 */
export class GlueJob extends Construct implements Workload, Job {
  readonly role: Role;
  /** The job, for anything this construct does not cover. */
  readonly job: CfnJob;

  constructor(scope: Construct, id: string, props: GlueJobProps) {
    super(scope, id);
    const { script, inputs = {}, outputs = {}, workers = 2, workerType = 'G.1X', timeout = Duration.minutes(60), flex = false } = props;
    const { bookmarks = false, glueVersion = '5.1', logRetention = RetentionDays.ONE_MONTH, securityConfiguration } = props;
    requireScript(this, script);
    requireFiles(this, { inputs, outputs });
    requireArguments(this, props.arguments ?? {}, [...Object.keys({ ...inputs, ...outputs }), ...OWN]);
    requireNumber(this, { workers }, WORKERS);
    requireOneOf(this, { workerType }, WORKER_TYPES, 'See the worker types of Glue.');
    requireTime(this, { timeout }, TIMEOUT);
    requireNumber(this, { timeout: timeout.toSeconds() }, TIMEOUT, 'known');
    requireOneOf(this, { flex }, [true, false], 'With true, a run may wait for capacity.');
    if (flex && !FLEXIBLE.includes(workerType)) {
      throw new SettingError(this, 'flex needs a workerType of G.1X or G.2X', workerType, 'Use more of the smaller workers.');
    }
    requireOneOf(this, { bookmarks }, [true, false], 'With true, the script must use them.');
    requireText(this, { glueVersion }, VERSION);
    requireOneOf(this, { logRetention }, Object.values(RetentionDays).filter(Number.isInteger), 'Write it like RetentionDays.ONE_YEAR.');
    if (securityConfiguration !== undefined) requireText(this, { securityConfiguration }, CONFIGURATION);

    const conditions = { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } };
    this.role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('glue.amazonaws.com', { conditions }) });
    const code = bindScript(this, script);
    const logs = allowLogs(this, this.role, { retention: logRetention, securityConfiguration });
    const files = bindFiles(this, { inputs, outputs });

    this.job = new CfnJob(this, 'Job', {
      role: this.role.roleArn,
      command: { name: 'glueetl', pythonVersion: '3', scriptLocation: code.url },
      glueVersion,
      workerType,
      numberOfWorkers: workers,
      executionClass: flex ? 'FLEX' : 'STANDARD',
      executionProperty: { maxConcurrentRuns: 1 },
      maxRetries: 0,
      timeout: Math.ceil(timeout.toSeconds() / 60),
      securityConfiguration,
      defaultArguments: {
        '--job-bookmark-option': bookmarks ? 'job-bookmark-enable' : 'job-bookmark-disable',
        '--custom-logGroup-prefix': logs.prefix,
        ...asOptions({ ...props.arguments, ...files.settings }),
      },
    });
    if (bookmarks) this.job.node.addDependency(allowBookmarks(this, this.role));
    this.job.node.addDependency(...code.waitFor, ...logs.waitFor, ...files.waitFor);
    acknowledge(this.job, securityConfiguration === undefined ? UNCONFIGURED : CONFIGURED);
    answerCommonFindings(this);
  }

  bindStart(starter: Workload): StartRequest {
    const jobArn = Stack.of(this).formatArn({ service: 'glue', resource: 'job', resourceName: this.job.ref });
    const actions = ['StartJobRun', 'GetJobRun', 'GetJobRuns', 'BatchStopJobRun'].map((action) => `glue:${action}`);
    return {
      resource: `arn:${Aws.PARTITION}:states:::glue:startJobRun.sync`,
      parameters: { JobName: this.job.ref },
      busy: BUSY,
      waitFor: allow(starter, jobArn, actions),
    };
  }
}
