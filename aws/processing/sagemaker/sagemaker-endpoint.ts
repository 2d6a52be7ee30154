import { CfnDeletionPolicy, Duration, Names, RemovalPolicy, Stack, Token } from 'aws-cdk-lib';
import type { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import { Grant, type Role } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { CfnEndpoint, CfnEndpointConfig, CfnModel } from 'aws-cdk-lib/aws-sagemaker';
import { Construct } from 'constructs';
import { requireOneOf, requireText, type TextRule } from '../../../shared/synth/settings';
import { acknowledge } from '../../foundation/acknowledge';
import { answerCommonFindings } from '../../foundation/answers';
import { allow } from '../../foundation/grants';
import type { Binding, Workload } from '../../ports/identity';
import type { ObjectStore } from '../../ports/stores';
import { alarmsOf, requireBudget } from './endpoint-alarms';
import { scale, variantOf } from './endpoint-capacity';
import { type InstanceCapacity, type ModelData, requireCapacity, requireModel, type ServerlessCapacity } from './endpoint-settings';
import { allowMetrics, makeRole } from './execution-role';
import { bindImage, requireImage, type SageMakerImage } from './image';
import { allowVolumes } from './instances';
import { type Predictions, predictionsOf } from './predictions';

const NO_ISOLATION = 'A serverless endpoint does not support it. For a container without a network, use instances.';
const NO_VOLUME = 'A serverless endpoint has no volume of yours.';
const PASSING_KEY = 'SageMaker encrypts the volumes with a key that it forgets with them. For a key of yours, set encryptionKey.';

const ENDPOINT: TextRule = {
  pattern: /^[A-Za-z0-9](-*[A-Za-z0-9]){0,62}$/,
  must: 'be the name of an endpoint',
  remedy: 'Find it with aws sagemaker list-endpoints.',
};

/** Settings for {@link SageMakerEndpoint}. */
export interface SageMakerEndpointProps {
  /**
   * The image of the container, by its digest. It answers `GET /ping` and `POST /invocations` on port 8080, for
   * `addPredictions` with JSON.
   */
  readonly image: SageMakerImage;
  /**
   * An archive with the files of the model, which the container finds in `/opt/ml/model`.
   * @default - the image has its model in it
   */
  readonly modelData?: ModelData;
  /**
   * Environment variables of the container. Everyone with `sagemaker:DescribeModel` can read them.
   * @default - none
   */
  readonly environment?: Readonly<Record<string, string>>;
  /**
   * The size of a serverless endpoint, which costs nothing between requests. Its first request waits until a container has started.
   * @default - 2048 MiB, and at most 20 requests at the same time
   */
  readonly serverless?: ServerlessCapacity;
  /**
   * Instances that run all the time, for GPUs, more memory, or an even latency. A change between both kinds makes another
   * endpoint before it deletes the one that is there.
   * @default - none: the endpoint is serverless
   */
  readonly instances?: InstanceCapacity;
  /**
   * Whether the container has no network. A container that downloads something at its start then fails. Serverless endpoints
   * do not have this setting: their containers have a network.
   * @default - true with instances
   */
  readonly networkIsolation?: boolean;
  /**
   * The KMS key that encrypts the volumes of the instances. Instances with disks of their own, such as `g5`, take none.
   * @default - a key that SageMaker forgets with the volume
   */
  readonly encryptionKey?: IKey;
  /**
   * An alarm is raised if one request in a hundred takes longer in the container, up to a minute. The start of a serverless
   * container is not counted.
   * @default 1 second
   */
  readonly latencyBudget?: Duration;
  /**
   * The retention of the logs of the container.
   * @default one month
   */
  readonly logRetention?: RetentionDays;
}

/**
 * Processing stage: a model of SageMaker behind an endpoint, which processors ask for predictions.
 *
 * Not for a model that fits into the function itself: bundle it with the handler. Not for many rows at once at night: use
 * `SageMakerJob`. At the first deploy the image must be in its repository; a container that does not answer `/ping` fails the
 * deploy after about half an hour.
 *
 * Serverless, idle it costs nothing but its alarms, and a million requests of 100 ms with 2048 MiB cost 4 USD. Two
 * `ml.c7g.large` cost 130 USD a month. A deploy replaces model and configuration and updates the endpoint to them while it
 * answers. The replaced ones are kept, because SageMaker can return to them later without a word; they cost nothing.
 * @see https://docs.aws.amazon.com/sagemaker/latest/dg/realtime-endpoints.html
 */
export class SageMakerEndpoint extends Construct implements Workload, Predictions {
  /** The role with which the container runs. */
  readonly role: Role;
  /** The endpoint, for anything this construct does not cover. */
  readonly endpoint: CfnEndpoint;
  /** Failed and slow requests, and a serverless endpoint at its limit. They have no action yet. */
  readonly alarms: readonly Alarm[];

  private readonly predictions: Predictions;

  constructor(scope: Construct, id: string, props: SageMakerEndpointProps) {
    super(scope, id);
    const { image, modelData, environment = {}, encryptionKey } = props;
    const { latencyBudget = Duration.seconds(1), logRetention = RetentionDays.ONE_MONTH } = props;
    requireImage(this, image);
    requireModel(this, modelData, environment);
    const capacity = requireCapacity(this, props);
    requireBudget(this, latencyBudget);
    requireOneOf(this, { logRetention }, Object.values(RetentionDays).filter(Number.isInteger), 'Write it like RetentionDays.ONE_YEAR.');

    // A serverless endpoint cannot become one with instances, so another kind is another endpoint. In lower case, as in its ARN.
    const endpointName = `${Names.uniqueResourceName(this, { maxLength: 50, separator: '-' })}-${capacity.kind}`.toLowerCase();
    this.role = makeRole(this);
    // SageMaker would create it without a retention.
    const logGroup = new LogGroup(this, 'Logs', {
      logGroupName: `/aws/sagemaker/Endpoints/${endpointName}`,
      retention: logRetention,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const container = bindImage(this, image);
    const grants = [
      ...allow(this, logGroup.logGroupArn, ['logs:CreateLogStream', 'logs:DescribeLogStreams', 'logs:PutLogEvents']),
      allowMetrics(this, this.role, 'Endpoints'),
      ...container.waitFor,
      ...(modelData ? [allowArchive(this, modelData)] : []),
      ...allowVolumes(this, encryptionKey),
    ];
    const isServerless = capacity.kind === 'serverless';
    const networkIsolation = isServerless ? undefined : (props.networkIsolation ?? true);
    const model = new CfnModel(this, 'Model', {
      executionRoleArn: this.role.roleArn,
      enableNetworkIsolation: networkIsolation,
      primaryContainer: {
        image: container.uri,
        modelDataUrl: modelData?.bucket.s3UrlForObject(modelData.key),
        environment: Object.keys(environment).length > 0 ? environment : undefined,
      },
    });
    model.node.addDependency(...grants);
    if (!networkIsolation) acknowledge(model, { CKV_AWS_370: isServerless ? NO_ISOLATION : 'The setting networkIsolation is false.' });
    const config = new CfnEndpointConfig(this, 'Config', {
      productionVariants: [variantOf(capacity, model.attrModelName)],
      kmsKeyId: encryptionKey?.keyArn,
    });
    // SageMaker can return to an earlier configuration long after a deploy (hashicorp/terraform-provider-aws#48997).
    for (const { cfnOptions } of [model, config]) {
      cfnOptions.deletionPolicy = CfnDeletionPolicy.DELETE;
      cfnOptions.updateReplacePolicy = CfnDeletionPolicy.RETAIN;
    }
    if (!encryptionKey) {
      const reason = isServerless ? NO_VOLUME : PASSING_KEY;
      acknowledge(config, { 'NIST.800.53.R5-SageMakerEndpointConfigurationKMSKeyConfigured': reason });
    }
    const isScaled = capacity.kind === 'instances' && capacity.max > capacity.min;
    this.endpoint = new CfnEndpoint(this, 'Endpoint', {
      endpointName,
      endpointConfigName: config.attrEndpointConfigName,
      // Else an update would set the number of instances back to the minimum.
      retainAllVariantProperties: isScaled ? true : undefined,
    });
    if (isScaled) scale(this, this.endpoint, capacity);
    this.predictions = predictionsOf(this, this.endpoint.ref, this.endpoint.attrEndpointName);
    answerCommonFindings(this);
    this.alarms = alarmsOf(this, this.endpoint, capacity, latencyBudget);
  }

  /**
   * An endpoint that exists, of this account and region. It keeps its model, its capacity and its alarms.
   * @param endpointName its name, as `aws sagemaker list-endpoints` shows it
   * @throws SettingError on what is no name of an endpoint
   */
  static fromEndpointName(scope: Construct, endpointName: string): Predictions {
    requireText(scope, { endpointName }, ENDPOINT);
    // The ARN has the name in lower case.
    const resourceName = Token.isUnresolved(endpointName) ? endpointName : endpointName.toLowerCase();
    return predictionsOf(scope, Stack.of(scope).formatArn({ service: 'sagemaker', resource: 'endpoint', resourceName }), endpointName);
  }

  bindCaller(caller: Workload, name: string): Binding {
    return this.predictions.bindCaller(caller, name);
  }

  addPredictions(store: ObjectStore): ObjectStore {
    return this.predictions.addPredictions(store);
  }
}

/** Allow SageMaker to read the archive of a model, and no other object. */
function allowArchive({ role }: Workload, { bucket, key }: ModelData): Grant {
  bucket.encryptionKey?.grant(role, 'kms:Decrypt');
  return Grant.addToPrincipal({ grantee: role, actions: ['s3:GetObject'], resourceArns: [bucket.arnForObjects(key)] });
}
