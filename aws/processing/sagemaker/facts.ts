import { type CfnStack, conditionsOf, text, type Value } from '../../../shared/read/cfn';
import { type Cost, GB, HOURS, type Load, MONTH } from '../../../shared/read/facts/cost';
import { promised } from '../../../shared/read/facts/promise';
import type { JobFacts, Needed, Seen, ServiceFacts, StartedJob, TypeFacts } from '../../../shared/read/facts/types';
import { replace, set, type Which } from '../../../shared/read/facts/weaken';
import { duration, facts as joined, type Step } from '../../../shared/read/picture';
import { receiverOf } from '../../../shared/read/read';
import { type Asked, names, only, type Stack, valuesAt } from '../../../shared/read/stack';
import { said } from '../../../shared/read/tell';
import { alarmOn, readyBeforeWork } from '../../foundation/promises';

const MODEL = 'AWS::SageMaker::Model';
const ENDPOINT = 'AWS::SageMaker::Endpoint';
const VARIANT = 'ProductionVariants';
const LOGS = 'AWS::Logs::LogGroup';
const ACCOUNT = text({ Ref: 'AWS::AccountId' });
/** The start of an ARN, as `text` writes it. */
const arn = (service: string) => `arn:\${AWS::Partition}:${service}:\${AWS::Region}:${ACCOUNT}`;

/** What an update replaces stays, because SageMaker can return to it. It is deleted with its stack. */
const KEPT_WHEN_REPLACED = promised(
  'kept-when-replaced',
  'be kept when it is replaced: SageMaker can return to it after the deploy',
  ({ id }, stack) => (stack as CfnStack).template.Resources[id]?.UpdateReplacePolicy === 'Retain',
  { 'SageMaker cannot return to it': set('/UpdateReplacePolicy', 'Delete') },
);
const models: Which = (_, draft) => [...draft.resources].filter(([, { type }]) => type === MODEL).map(([id]) => id);
/** The log groups of endpoints. */
const logs: Which = (_, draft) =>
  [...draft.resources].filter(([, { type, body }]) => type === LOGS && JSON.stringify(body).includes('/aws/sagemaker/')).map(([id]) => id);
const helps = (name: string): TypeFacts => ({ name, role: 'helps', local: 'no effect here' });

export const facts: ServiceFacts = {
  name: 'SageMaker',
  local: { not: 'the image of a model is in a registry, and no emulator of SageMaker runs images' },
  unproven: [
    'That SageMaker starts a container with the permissions that its role has, and writes to log groups and metrics with them.',
    'That Step Functions starts a job with the parameters of a script, a spot training or several instances.',
    'The errors with which SageMaker says that it is busy, and that Step Functions names them so.',
    'That the permissions on a key of yours suffice for volumes and for large files.',
    'That a serverless endpoint refuses network isolation, and a change of its kind: both are documented.',
  ],
  jobs: { 'sagemaker:createProcessingJob': jobOf('Processing'), 'sagemaker:createTrainingJob': jobOf('Training') },
  types: {
    [MODEL]: {
      ...helps('model'),
      promises: [
        KEPT_WHEN_REPLACED,
        promised(
          'fixed-image',
          'name its image by a digest',
          (model) => /@(sha256:|\$\{)/.test(text(only(model, 'PrimaryContainer.Image'))),
          {
            'its image can change': set('PrimaryContainer.Image', '123456789012.dkr.ecr.eu-west-1.amazonaws.com/model:latest'),
          },
        ),
        readyBeforeWork((model) => model.refers('ExecutionRoleArn')[0]),
      ],
    },
    'AWS::SageMaker::EndpointConfig': { ...helps('configuration of an endpoint'), promises: [KEPT_WHEN_REPLACED] },
    [ENDPOINT]: {
      name: 'endpoint',
      role: 'runs code',
      tells: (endpoint) => ['SageMaker', ...capacityOf(endpoint)],
      flow: askedBy,
      promises: [
        promised('own-identity', 'run with a role of its own', hasOwnRole, {
          'its role is not of the stack': set('ExecutionRoleArn', 'arn:aws:iam::123456789012:role/shared', models),
        }),
        alarmOn('Invocation5XXErrors', 'have an alarm for requests that fail'),
        alarmOn('ModelLatency', 'have an alarm for slow requests', (threshold) => threshold <= 60_000_000),
        {
          ...alarmOn(
            'ServerlessConcurrentExecutionsUtilization',
            'have an alarm for too many requests at the same time',
            (most) => most < 1,
          ),
          concerns: (endpoint) => variantOf(endpoint, 'ServerlessConfig').length > 0,
        },
        promised(
          'logs-end',
          'have a log group with a retention before it is created',
          (endpoint, stack) => logsOf(endpoint, stack) !== undefined,
          {
            'SageMaker creates its logs, without a retention': replace('/aws/sagemaker/Endpoints/', '/other/', logs),
          },
        ),
      ],
      answered: { 'ready-before-work': 'It is created after its model, which is created after the policies of the role.' },
      runs: (endpoint) => ({ as: modelOf(endpoint)?.refers('ExecutionRoleArn')[0]?.id ?? '', settings: {} }),
      needs: endpointNeeds,
      costs: endpointCosts,
      local: { EndpointName: { notRun: 'no emulator of SageMaker runs images.' } },
    },
    'AWS::ApplicationAutoScaling::ScalableTarget': helps('range of the number of instances'),
    'AWS::ApplicationAutoScaling::ScalingPolicy': helps('scaling policy'),
  },
  // https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html
  unlisted: {
    'cloudwatch:PutMetricData': 'Its resource is for metrics of OpenTelemetry. Others have none: the condition names their namespace.',
    'AWS/SageMaker ServerlessConcurrentExecutionsUtilization': 'It is documented, and CloudFormation does not list it.',
  },
  calls: {
    // https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html
    '@aws-sdk/client-sagemaker-runtime InvokeEndpointCommand': ({ arguments: [input] }) => [
      { may: 'sagemaker:InvokeEndpoint', on: said.part(input, 'EndpointName') },
    ],
  },
  harmless: ['@aws-sdk/client-sagemaker-runtime SageMakerRuntimeClient', '@types/node buffer.isUtf8'],
};

/** The functions that ask it are in its stage, so that the flow does not show them by their permissions. */
function askedBy(endpoint: Asked, seen: Seen): Step[] {
  return seen.all
    .filter((one) => names(one, 'Environment.Variables', endpoint))
    .map(({ id, stage }) => {
      const how = 'sagemaker:InvokeEndpoint, each row';
      return { from: stage, how, to: endpoint.name, notes: seen.tell(endpoint), between: [id, endpoint.id] };
    });
}

function configOf(endpoint: Asked): Asked | undefined {
  return endpoint.refers('EndpointConfigName')[0];
}

function modelOf(endpoint: Asked): Asked | undefined {
  return configOf(endpoint)?.refers(`${VARIANT}.ModelName`)[0];
}

function variantOf(endpoint: Asked, setting: string): readonly Value[] {
  return configOf(endpoint)?.get(`${VARIANT}.${setting}`) ?? [];
}

function capacityOf(endpoint: Asked): string[] {
  const [memory] = variantOf(endpoint, 'ServerlessConfig.MemorySizeInMB');
  if (memory === undefined) return [`${variantOf(endpoint, 'InitialInstanceCount')[0]} ${text(variantOf(endpoint, 'InstanceType')[0])}`];
  return ['serverless', `${memory} MB`, `at most ${variantOf(endpoint, 'ServerlessConfig.MaxConcurrency')[0]} requests at the same time`];
}

function hasOwnRole(endpoint: Asked, stack: Stack): boolean {
  const role = modelOf(endpoint)?.refers('ExecutionRoleArn')[0];
  return role !== undefined && stack.of(MODEL).filter((model) => model.refers('ExecutionRoleArn')[0]?.id === role.id).length === 1;
}

/** The log group of an endpoint, if it is there before SageMaker creates it. */
function logsOf(endpoint: Asked, stack: Stack): Asked | undefined {
  const name = `/aws/sagemaker/Endpoints/${text(only(endpoint, 'EndpointName'))}`;
  return stack.of(LOGS).find((group) => text(only(group, 'LogGroupName')) === name && endpoint.before().has(group.id));
}

function endpointNeeds(endpoint: Asked, stack: Stack): Needed[] {
  const model = modelOf(endpoint);
  const who = model?.refers('ExecutionRoleArn')[0]?.id ?? '';
  const group = logsOf(endpoint, stack);
  const archive = model && text(only(model, 'PrimaryContainer.ModelDataUrl'));
  return [
    ...containerNeeds(who, 'Endpoints', model ? text(only(model, 'PrimaryContainer.Image')) : ''),
    ...(group ? ['CreateLogStream', 'DescribeLogStreams', 'PutLogEvents'] : []).map((action) => ({
      who,
      may: `logs:${action}`,
      on: `\${${group!.id}}`,
      because: 'SageMaker writes the log of the container',
    })),
    ...(archive ? [{ who, may: 's3:GetObject', on: objectsAt(archive), because: 'SageMaker reads the archive of the model' }] : []),
  ];
}

/**
 * What SageMaker needs to run a container with a role.
 * @see https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html
 */
function containerNeeds(who: string, kind: string, image: string): Needed[] {
  const trust = conditionsOf([`StringEquals aws:SourceAccount ${ACCOUNT}`]);
  const [, account, region, name] = /^(.+)\.dkr\.ecr\.(.+?)\.(?:amazonaws\.com|\$\{AWS::URLSuffix\}).*?\/(.+)@/.exec(image) ?? [];
  const repository = `arn:\${AWS::Partition}:ecr:${region}:${account}:repository/${name}`;
  return [
    {
      who: 'sagemaker.amazonaws.com',
      may: 'sts:AssumeRole',
      on: `\${${who}}`,
      only: trust,
      because: 'SageMaker runs the container with the role',
    },
    ...['BatchCheckLayerAvailability', 'BatchGetImage', 'GetDownloadUrlForLayer'].map((action) => ({
      who,
      may: `ecr:${action}`,
      on: repository,
      because: 'SageMaker pulls the image',
    })),
    { who, may: 'ecr:GetAuthorizationToken', on: '*', because: 'SageMaker pulls the image' },
    {
      who,
      may: 'cloudwatch:PutMetricData',
      on: '*',
      only: `StringEquals cloudwatch:namespace /aws/sagemaker/${kind}`,
      because: 'SageMaker writes the metrics of the container',
    },
  ];
}

/** Each event is asked about once, for 100 ms, and is as large as its answer. */
function endpointCosts(endpoint: Asked, { events, size }: Load): Cost[] {
  const [memory] = variantOf(endpoint, 'ServerlessConfig.MemorySizeInMB');
  const [instances = 0] = variantOf(endpoint, 'InitialInstanceCount');
  const isServerless = memory !== undefined;
  return [
    {
      what: 'predictions, 100 ms each',
      price: 'sageMakerServerless',
      units: isServerless ? (events * MONTH * 0.1 * Number(memory)) / 1024 : 0,
      lower: 'A smaller `serverless.memoryMiB`, or a filter of the processor for rows without a prediction.',
    },
    {
      what: 'events to the model, and answers of the same size',
      price: 'sageMakerData',
      units: isServerless ? (2 * events * size * MONTH) / GB : 0,
      lower: 'A transform that keeps what the model needs.',
    },
    {
      what: 'instances, as with 2 vCPUs each',
      price: 'sageMakerInstance',
      units: Number(instances) * HOURS,
      lower: 'A serverless endpoint, or a smaller `instances.min`.',
    },
  ];
}

/** What is written in the parameters of a job. */
const given = ({ parameters }: StartedJob, path: string): string => text(valuesAt(parameters, path)[0]);

/** The address of objects in S3 as an ARN: `s3://bucket/events/`. */
function objectsAt(url: string): string {
  return /^s3:\/\/(\$\{\w+\})(?=\/)/.test(url) ? url.replace('s3://', '') : url.replace('s3://', `arn:\${AWS::Partition}:s3:::`);
}

/** A job that Step Functions starts by this action. */
function jobOf(kind: 'Processing' | 'Training'): JobFacts {
  const cluster = kind === 'Processing' ? 'ProcessingResources.ClusterConfig' : 'ResourceConfig';
  const image = kind === 'Processing' ? 'AppSpecification.ImageUri' : 'AlgorithmSpecification.TrainingImage';
  const read = kind === 'Processing' ? 'ProcessingInputs.S3Input.S3Uri' : 'InputDataConfig.DataSource.S3DataSource.S3Uri';
  const written = kind === 'Processing' ? 'ProcessingOutputConfig.Outputs.S3Output.S3Uri' : 'OutputDataConfig.S3OutputPath';
  const role = ({ parameters }: StartedJob) => /^\$\{(\w+)\}$/.exec(text(parameters.RoleArn))?.[1] ?? '';
  const urls = ({ parameters }: StartedJob, path: string) => valuesAt(parameters, path).map(text);
  /** The start of the names of all runs. */
  const prefix = ({ parameters }: StartedJob) => /'([\w-]*)\{\}/.exec(text(parameters[`${kind}JobName.$`]))?.[1] ?? '';

  const tells = (job: StartedJob) => [
    'SageMaker',
    kind.toLowerCase(),
    `${given(job, `${cluster}.InstanceCount`)} ${given(job, `${cluster}.InstanceType`)}`,
    `at most ${duration(Number(given(job, 'StoppingCondition.MaxRuntimeInSeconds')))}`,
  ];

  return {
    role,
    tells,
    flow: (started, seen, label) => {
      const job = { id: role(started), label, notes: joined(...tells(started)) };
      return [
        ...urls(started, read).flatMap((url) => filesIn({ url, how: 'reads', job }, seen)),
        ...urls(started, written).flatMap((url) => filesIn({ url, how: 'writes', job }, seen)),
      ];
    },
    needs: (job) => {
      const who = role(job);
      const [group, streams] = [`${arn('logs')}:log-group:/aws/sagemaker/${kind}Jobs`, `log-stream:${prefix(job)}*`];
      const runs = `${arn('sagemaker')}:${kind.toLowerCase()}-job/${prefix(job)}*`;
      const starts = (may: string, on: string, because: string): Needed => ({ who: job.starter, may, on, because });
      const writes = (action: string, on: string): Needed => ({
        who,
        may: `logs:${action}`,
        on,
        because: 'SageMaker writes the log of the container',
      });
      return [
        ...containerNeeds(who, `${kind}Jobs`, given(job, image)),
        ...['CreateLogGroup', 'DescribeLogStreams'].flatMap((action) => [writes(action, group), writes(action, `${group}:*`)]),
        ...['CreateLogStream', 'PutLogEvents'].map((action) => writes(action, `${group}:${streams}`)),
        ...urls(job, read).flatMap((url): Needed[] => readNeeds(who, url)),
        ...urls(job, written).map((url) => ({
          who,
          may: 's3:PutObject',
          on: `${objectsAt(url)}/*`,
          because: 'SageMaker writes the files',
        })),
        // https://docs.aws.amazon.com/step-functions/latest/dg/sagemaker-iam.html
        ...['AddTags', `Create${kind}Job`, `Describe${kind}Job`, 'ListTags', `Stop${kind}Job`].map((action) =>
          starts(`sagemaker:${action}`, runs, 'Step Functions starts the job and waits for it'),
        ),
        ...['DescribeRule', 'PutRule', 'PutTargets'].map((action) =>
          starts(
            `events:${action}`,
            `${arn('events')}:rule/StepFunctionsGetEventsForSageMaker${kind}JobsRule`,
            'Step Functions is told of the end of a run by a rule that it manages',
          ),
        ),
        {
          ...starts('iam:PassRole', `\${${who}}`, 'a run gets the role of the job'),
          only: 'StringEquals iam:PassedToService sagemaker.amazonaws.com',
        },
      ];
    },
    costs: (job, runs) => [
      {
        what: 'SageMaker jobs, ten minutes each, as with 2 vCPUs',
        price: 'sageMakerInstance',
        units: (runs * Number(given(job, `${cluster}.InstanceCount`)) * 10) / 60,
        lower: 'A rarer `schedule` of what starts it, or a smaller `instanceType`.',
      },
    ],
  };
}

/** SageMaker lists what it copies. The address of a script is that of one object. */
function readNeeds(who: string, url: string): Needed[] {
  const because = 'SageMaker copies the files';
  const [, bucket, key] = /^s3:\/\/([^/]+)\/(.*)$/.exec(url) ?? [];
  const isFile = !key!.endsWith('/');
  const only = isFile ? `StringEquals s3:prefix ${key}` : `StringLike s3:prefix ${key}*`;
  const whole = isFile ? `arn:\${AWS::Partition}:s3:::${bucket}` : `${bucket}`;
  return [
    { who, may: 's3:GetObject', on: isFile ? `${whole}/${key}` : `${whole}/${key}*`, because },
    { who, may: 's3:ListBucket', on: whole, only, because },
  ];
}

/** The steps between a job and the stores of its files. A script is in no store. */
function filesIn(
  { url, how, job }: { url: string; how: 'reads' | 'writes'; job: { id: string; label: string; notes: string } },
  seen: Seen,
): Step[] {
  const [, id = '', prefix] = /^s3:\/\/\$\{(\w+)\}\/(.*?)\/?$/.exec(url) ?? [];
  const bucket = seen.get(id);
  if (!bucket) return [];
  const files = `${how} ${prefix}/*`;
  if (how === 'reads') return [{ from: bucket.stage, how: files, to: job.label, notes: job.notes, between: [bucket.id, job.id] }];
  return [{ from: job.label, how: files, to: receiverOf(bucket), notes: seen.tell(bucket), between: [job.id, bucket.id] }];
}
