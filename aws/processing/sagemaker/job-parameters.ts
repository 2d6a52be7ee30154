import type { JobKind } from './start-job';

/** Files in S3 that a container reads or writes. */
export interface Files {
  readonly name: string;
  /** The address of all objects, such as `s3://bucket/events/`. */
  readonly url: string;
  /** The ARN of the key that encrypts what is written. */
  readonly keyArn?: string;
}

/** What a run is made of. */
export interface Run {
  readonly roleArn: string;
  readonly imageUri: string;
  readonly inputs: readonly Files[];
  readonly outputs: readonly Files[];
  /** The script, and the name of its file. */
  readonly script?: { readonly url: string; readonly file: string };
  readonly arguments: Readonly<Record<string, string>>;
  readonly instanceType: string;
  readonly instanceCount: number;
  readonly volumeGiB: number;
  readonly volumeKeyArn?: string;
  /** How long the run may take, in seconds. */
  readonly seconds: number;
  readonly spot: boolean;
  readonly networkIsolation: boolean;
}

/** The name of the files with the script. No store has it: names of stores have no hyphen. */
const SCRIPT = 'job-script';
/** Where the container finds its files. https://docs.aws.amazon.com/sagemaker/latest/dg/amazon-sagemaker-toolkits.html */
const READ: Readonly<Record<JobKind, string>> = { Processing: '/opt/ml/processing/input', Training: '/opt/ml/input/data' };
const WRITTEN = '/opt/ml/processing/output';
const MODEL = '/opt/ml/model';
const WHOLE = { S3DataType: 'S3Prefix', S3DataDistributionType: 'FullyReplicated' };

/** The parameters of the start of a run, but for its name. Spot instances may be waited for as long as they may be used. */
export function parametersOf(kind: JobKind, run: Run): Readonly<Record<string, unknown>> {
  return kind === 'Processing' ? processing(run) : training(run);
}

/** https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateProcessingJob.html */
function processing(run: Run) {
  const inputs = filesOf(run).map(({ name, url }) => ({
    InputName: name,
    S3Input: { ...WHOLE, S3Uri: url, LocalPath: `${READ.Processing}/${name}`, S3InputMode: 'File' },
  }));
  const outputs = run.outputs.map(({ name, url }) => ({
    OutputName: name,
    S3Output: { S3Uri: withoutSlash(url), LocalPath: `${WRITTEN}/${name}`, S3UploadMode: 'EndOfJob' },
  }));
  const [key, ...others] = new Set(run.outputs.map(({ keyArn }) => keyArn));
  const { script, arguments: given } = containerOf('Processing', run);
  return {
    RoleArn: run.roleArn,
    AppSpecification: { ImageUri: run.imageUri, ...script, ...given },
    ProcessingInputs: some(inputs),
    ProcessingOutputConfig: outputs.length > 0 ? { Outputs: outputs, KmsKeyId: others.length === 0 ? key : undefined } : undefined,
    ProcessingResources: { ClusterConfig: clusterOf(run) },
    NetworkConfig: { EnableNetworkIsolation: run.networkIsolation, EnableInterContainerTrafficEncryption: run.instanceCount > 1 },
    StoppingCondition: { MaxRuntimeInSeconds: run.seconds },
  };
}

/** https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTrainingJob.html */
function training(run: Run) {
  const inputs = filesOf(run).map(({ name, url }) => ({ ChannelName: name, DataSource: { S3DataSource: { ...WHOLE, S3Uri: url } } }));
  const [model] = run.outputs;
  const { script, arguments: given } = containerOf('Training', run);
  return {
    RoleArn: run.roleArn,
    AlgorithmSpecification: { TrainingImage: run.imageUri, TrainingInputMode: 'File', ...script, ...(script && given) },
    // Without a script, the image reads them from a file.
    HyperParameters: script || Object.keys(run.arguments).length === 0 ? undefined : run.arguments,
    InputDataConfig: some(inputs),
    OutputDataConfig: { S3OutputPath: withoutSlash(model!.url), KmsKeyId: model!.keyArn },
    ResourceConfig: clusterOf(run),
    EnableNetworkIsolation: run.networkIsolation,
    EnableInterContainerTrafficEncryption: run.instanceCount > 1,
    EnableManagedSpotTraining: run.spot,
    StoppingCondition: { MaxRuntimeInSeconds: run.seconds, MaxWaitTimeInSeconds: run.spot ? 2 * run.seconds : undefined },
  };
}

/** What the container runs: a script with the folders of its files and its arguments, or what the image says, with arguments alone. */
function containerOf(kind: JobKind, { script, inputs, outputs, arguments: given }: Run) {
  const read = inputs.map(({ name }) => [name, `${READ[kind]}/${name}`]);
  const written = outputs.map(({ name }) => [name, kind === 'Processing' ? `${WRITTEN}/${name}` : MODEL]);
  const options = Object.entries({ ...(script && Object.fromEntries([...read, ...written])), ...given });
  return {
    script: script && { ContainerEntrypoint: ['python3', `${READ[kind]}/${SCRIPT}/${script.file}`] },
    arguments: { ContainerArguments: some(options.flatMap(([name, value]) => [`--${name}`, value])) },
  };
}

function filesOf({ inputs, script }: Run): readonly Files[] {
  return script ? [...inputs, { name: SCRIPT, url: script.url }] : inputs;
}

function clusterOf({ instanceType, instanceCount, volumeGiB, volumeKeyArn }: Run) {
  return { InstanceType: instanceType, InstanceCount: instanceCount, VolumeSizeInGB: volumeGiB, VolumeKmsKeyId: volumeKeyArn };
}

/** SageMaker adds a slash and the name of the file. */
function withoutSlash(url: string): string {
  return url.replace(/\/$/, '');
}

/** SageMaker accepts no empty lists. */
function some<Item>(items: readonly Item[]): readonly Item[] | undefined {
  return items.length > 0 ? items : undefined;
}
