import { Aws, Duration } from 'aws-cdk-lib';
import { Grant, type Role } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Construct, type IDependable } from 'constructs';
import { requireArguments, requireScript } from '../../../shared/synth/job-script';
import { type NumberRule, requireNumber, requireOneOf, requireTime, SettingError, type TimeRule } from '../../../shared/synth/settings';
import { answerCommonFindings } from '../../foundation/answers';
import { requireFiles } from '../../foundation/spark/files';
import { bindScript } from '../../foundation/spark/script';
import type { Workload } from '../../ports/identity';
import type { Job, StartRequest } from '../../ports/jobs';
import type { BucketStore } from '../../ports/stores';
import { allowMetrics, allowRunLogs, makeRole } from './execution-role';
import { bindImage, requireImage, type SageMakerImage } from './image';
import { allowVolumes, requireInstances } from './instances';
import { type Files, parametersOf } from './job-parameters';
import { allowStart, BUSY, type JobKind, nameOfRun, prefixOf } from './start-job';

const COUNT: NumberRule = { from: 1, to: 100, unit: 'instances', remedy: 'The quota of the account can be lower.' };
const VOLUME: NumberRule = { from: 1, to: 16_384, unit: 'GiB', remedy: 'All files are copied to the volume before a run starts.' };
const TIMEOUT: TimeRule = { from: 60, to: 172_800, unit: 'seconds', remedy: 'A state machine waits for a job for up to two days.' };
const OTHER_STORES = 'SageMaker copies files from S3 and to S3.';

/** Settings for {@link SageMakerJob}. */
export interface SageMakerJobProps {
  /** The image of the container, by its digest. For a `script` it has Python as `python3`. */
  readonly image: SageMakerImage;
  /**
   * What the job is: `processing` reads files and writes files, `training` reads files and writes one model.
   * @default processing
   */
  readonly kind?: 'processing' | 'training';
  /**
   * A Python script to run: the path of a file, such as the result of `packageScript`. It gets the folder of each store by its
   * name, `--SOURCE /opt/ml/processing/input/SOURCE`, and `arguments`. A changed script is used from the next run on.
   * @default - what the image runs by itself
   */
  readonly script?: string;
  /**
   * The stores that the job reads, by name. All their objects are copied to the volume before a run starts, into
   * `/opt/ml/processing/input/NAME`, or `/opt/ml/input/data/NAME` for a training.
   * @default - none
   */
  readonly inputs?: Readonly<Record<string, BucketStore>>;
  /**
   * The stores that the job writes, by name, when a run has ended: what is in `/opt/ml/processing/output/NAME`. A file replaces the
   * object of the same name. A training has one, for `/opt/ml/model` as `PREFIX/NAME-OF-THE-RUN/output/model.tar.gz`.
   * @default - none
   */
  readonly outputs?: Readonly<Record<string, BucketStore>>;
  /**
   * Arguments, without the hyphens: `{ DAYS: '7' }`. A training without a script gets them as hyperparameters.
   * @default - none
   */
  readonly arguments?: Readonly<Record<string, string>>;
  /**
   * The type of the instances. Many have a quota of 0 in an account until it is raised.
   * @default ml.m7i.large
   */
  readonly instanceType?: string;
  /**
   * The number of instances, from 1 to 100. Each gets all files.
   * @default 1
   */
  readonly instanceCount?: number;
  /**
   * The size of the volume of each instance in GiB, from 1 to 16384. All files of a run must fit.
   * @default 30
   */
  readonly volumeGiB?: number;
  /**
   * How long a run may take, from a minute to 2 days. Then SageMaker stops it, and it counts as failed.
   * @default 60 minutes
   */
  readonly timeout?: Duration;
  /**
   * Whether a training uses spare capacity, for up to a third of the price. It waits for it up to `timeout` longer, and starts from
   * the beginning when it is interrupted.
   * @default false
   */
  readonly spot?: boolean;
  /**
   * Whether the container has no network. A script that installs packages then fails: put them into the image.
   * @default true
   */
  readonly networkIsolation?: boolean;
  /**
   * The KMS key that encrypts the volumes. Instances with disks of their own, such as `g5`, take none.
   * @default - a key that SageMaker forgets with the volume
   */
  readonly encryptionKey?: IKey;
}

/**
 * Processing stage: a container of SageMaker that reads stores, writes stores, and ends: a report, a preparation of data, the
 * training of a model.
 *
 * Make it a step of `StepFunctionsOrchestration`, which starts it, retries it, and raises an alarm if it fails; its `timeout` must
 * be longer than that of the job. Only such a step starts runs, and its definition has the settings of the job.
 *
 * Not for megabytes: use `LambdaProcessor`. Not for the joins of a large lake: use `GlueJob`, `EmrServerlessJob` or `AthenaQuery`.
 *
 * Idle it costs nothing. A run on one `ml.m7i.large` costs 12 cents an hour, billed by the second. Its logs are in the log group
 * that all such jobs of an account share, which has no retention until you set one. A deploy changes every setting in place: a run
 * that has started keeps the settings that it started with.
 * @see https://docs.aws.amazon.com/sagemaker/latest/dg/processing-job.html
 */
export class SageMakerJob extends Construct implements Workload, Job {
  /** The role with which the container runs. */
  readonly role: Role;

  private readonly kind: JobKind;
  private readonly prefix: string;
  private readonly parameters: Readonly<Record<string, unknown>>;
  private readonly waitFor: readonly IDependable[];

  constructor(scope: Construct, id: string, props: SageMakerJobProps) {
    super(scope, id);
    const { image, kind = 'processing', script, inputs = {}, outputs = {}, encryptionKey } = props;
    const { instanceType = 'ml.m7i.large', instanceCount = 1, volumeGiB = 30, timeout = Duration.minutes(60) } = props;
    const { spot = false, networkIsolation = true } = props;
    requireImage(this, image);
    requireOneOf(this, { kind }, ['processing', 'training'], 'For predictions, use SageMakerEndpoint.');
    if (script !== undefined) requireScript(this, script);
    requireFiles(this, { inputs, outputs }, OTHER_STORES);
    requireArguments(this, props.arguments ?? {}, Object.keys({ ...inputs, ...outputs }));
    requireInstances(this, 'instanceType', instanceType, encryptionKey);
    requireNumber(this, { instanceCount }, COUNT, 'known');
    requireNumber(this, { volumeGiB }, VOLUME);
    requireTime(this, { timeout }, TIMEOUT);
    requireNumber(this, { timeout: timeout.toSeconds() }, TIMEOUT, 'known');
    requireOneOf(this, { spot }, [true, false], 'With true, a training waits for spare capacity.');
    requireOneOf(this, { networkIsolation }, [true, false], 'With false, the container reaches the internet.');
    if (spot && kind === 'processing') {
      throw new SettingError(this, 'spot must come with a training', 'processing', 'SageMaker has no spare capacity for it.');
    }
    const models = Object.keys(outputs).length;
    if (kind === 'training' && models !== 1) {
      throw new SettingError(this, 'outputs of a training must be one store', models, 'It is the store of the model.');
    }

    this.kind = kind === 'training' ? 'Training' : 'Processing';
    this.prefix = prefixOf(this);
    this.role = makeRole(this);
    const container = bindImage(this, image);
    const code = script === undefined ? undefined : bindScript(this, script);
    const read = Object.entries(inputs).map(([name, store]) => ({ name, store, ...store.bindReader(this, name) }));
    const written = Object.entries(outputs).map(([name, store]) => ({ name, store, ...store.bindWriter(this, name) }));
    // A large file is written in parts, which takes more of a key than to write an object.
    for (const { store } of written) store.bucket.encryptionKey?.grant(this.role, 'kms:Decrypt', 'kms:Encrypt');
    this.waitFor = [
      ...container.waitFor,
      ...(code ? [...code.waitFor, this.allowList(code.bucketArn, code.key)] : []),
      ...[...read, ...written].flatMap(({ waitFor }) => waitFor),
      ...allowRunLogs(this, this.kind, this.prefix),
      allowMetrics(this, this.role, `${this.kind}Jobs`),
      ...allowVolumes(this, encryptionKey),
    ];
    answerCommonFindings(this);
    this.parameters = parametersOf(this.kind, {
      roleArn: this.role.roleArn,
      imageUri: container.uri,
      inputs: read.map(filesOf),
      outputs: written.map(filesOf),
      script: code && { url: code.url, file: code.key.slice(code.key.lastIndexOf('/') + 1) },
      arguments: props.arguments ?? {},
      instanceType,
      instanceCount,
      volumeGiB,
      volumeKeyArn: encryptionKey?.keyArn,
      seconds: timeout.toSeconds(),
      spot,
      networkIsolation,
    });
  }

  bindStart(starter: Workload): StartRequest {
    return {
      resource: `arn:${Aws.PARTITION}:states:::sagemaker:create${this.kind}Job.sync`,
      parameters: { [`${this.kind}JobName.$`]: nameOfRun(this.prefix), ...this.parameters },
      busy: BUSY,
      waitFor: [...this.waitFor, ...allowStart(starter, this.kind, this.prefix, this.role)],
    };
  }

  /** SageMaker lists what it copies, also a single file. */
  private allowList(bucketArn: string, key: string): Grant {
    const conditions = { StringEquals: { 's3:prefix': key } };
    return Grant.addToPrincipal({ grantee: this.role, actions: ['s3:ListBucket'], resourceArns: [bucketArn], conditions });
  }
}

function filesOf({ name, store: { bucket, prefix } }: { readonly name: string; readonly store: BucketStore }): Files {
  return { name, url: bucket.s3UrlForObject(prefix), keyArn: bucket.encryptionKey?.keyArn };
}
