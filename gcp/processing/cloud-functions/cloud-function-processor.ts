import { Cloudfunctions2Function } from '@cdktf/provider-google/lib/cloudfunctions2-function';
import type { PubsubSubscription } from '@cdktf/provider-google/lib/pubsub-subscription';
import type { ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';
import { bindStores, type HandlerCode } from '../../../shared/synth/handler-needs';
import { takeName } from '../../../shared/synth/kept-name';
import { needApis } from '../../foundation/apis';
import { CodeSource } from '../../foundation/code-source';
import { Propagation } from '../../foundation/propagation';
import { alertOnFailures, allowCalls } from '../../foundation/run/calls';
import { bindSecrets, DEAD_LETTER, type SecretVariable } from '../../foundation/run/variables';
import { accountOf } from '../../foundation/service-account';
import type { Delivery } from '../../ports/delivery';
import type { FunctionWorkload } from '../../ports/identity';
import type { RecordSource } from '../../ports/records';
import type { Site } from '../../ports/site';
import type { ObjectStore, TableStore } from '../../ports/stores';
import { FunctionBuilder } from './function-builder';
import { functionSettings } from './function-settings';

/** Settings for {@link CloudFunctionProcessor}. */
export interface CloudFunctionProcessorProps {
  /** The project, the region and the prefix of the function. */
  readonly site: Site;
  /** The bundled handler. Its zip contains `package.json` and `index.js`, which exports `handler`. */
  readonly code: HandlerCode;
  /** Where the events come from. The handler must read the format of this source. */
  readonly source: RecordSource;
  /**
   * The stores that the handler needs. The name of each is the start of its environment variables: `STORE` adds `STORE_TABLE`.
   */
  readonly stores: Readonly<Record<string, ObjectStore | TableStore>>;
  /**
   * How events are retried.
   * @default - the defaults of the source: see `Delivery`
   */
  readonly delivery?: Delivery;
  /**
   * The end of the name of the function: 1 to 10 lower-case letters and digits. Each processor of a site needs its own name.
   * The subscription that calls the function has it in its name: after a change of the name, Terraform deletes the old
   * subscription, with its waiting events.
   * @default func
   */
  readonly name?: string;
  /**
   * Memory of each instance in MiB, from 256 to 4096. All events of concurrent calls must fit into half of it, and an event
   * of 10 MB needs about six times its size. If an instance runs out of memory, each of its events uses one retry.
   * @default 2048
   */
  readonly memoryMiB?: number;
  /**
   * How long one call may take, from 10 to 600 seconds. A call that takes longer counts as failed and is retried.
   * @default 60
   */
  readonly timeoutSeconds?: number;
  /**
   * The maximum number of concurrent calls of one instance, from 1 to 1000. More calls need more `memoryMiB`.
   * @default 10
   */
  readonly concurrency?: number;
  /**
   * The maximum number of instances, from 1 to 1000. It limits the cost. While all are busy, calls are refused and retried
   * later, and each refusal counts as a retry.
   * @default 10
   */
  readonly maxInstances?: number;
  /**
   * The minimum number of instances, from 0 to `maxInstances`. They are billed without calls too.
   * @default 0
   */
  readonly minInstances?: number;
  /**
   * Environment variables for the transform, in addition to those of the handler.
   * @default - none
   */
  readonly environmentVariables?: Readonly<Record<string, string>>;
  /**
   * Secrets of Secret Manager as environment variables. The function is granted read access to each.
   * @default - none
   */
  readonly secretEnvironmentVariables?: Readonly<Record<string, SecretVariable>>;
  /**
   * The id of a Serverless VPC Access connector, with which the function reaches private addresses of a VPC network.
   * @default - no connector: the function reaches public addresses only
   */
  readonly vpcConnector?: string;
  /**
   * The email of an existing service account that the function runs as. It is granted the permissions that it needs. Nothing else should run
   * as it: of two equal grants, Google takes both away with either.
   * @default - a new service account, for this function only
   */
  readonly serviceAccount?: string;
  /**
   * The ids of the notification channels that every alert notifies.
   * @default - alerts open an incident without a notification
   */
  readonly notify?: readonly string[];
}

/**
 * Processing stage: a function on Node.js 24 that processes one event in each HTTPS call. It accepts only internal traffic,
 * and only calls of its invoker.
 *
 * A push subscription of the buffer calls it. An Eventarc trigger would have no dead letter, and drops events that failed for
 * a day. Do not use it for work over 10 minutes: use `CloudRunWorkerPool`. For another language, system libraries or more than
 * 4 GiB, use `CloudRunProcessor`. Its logs go to Cloud Logging of the project.
 *
 * It costs nothing without calls. A million events of 50 ms cost 1 to 2 dollars, less if calls share an instance. A deploy replaces the
 * function with another region or name. Other code is built and starts a new revision, and calls in progress end on the old one.
 * @see https://cloud.google.com/functions/docs/writing/write-http-functions
 */
export class CloudFunctionProcessor extends Construct implements FunctionWorkload {
  readonly name: string;
  readonly member: string;
  readonly url: string;
  readonly invokerEmail: string;
  readonly timeoutSeconds: number;
  readonly invocable: readonly ITerraformDependable[];
  /** The service account that builds the image of the function, and the repository of the images. */
  readonly builder: FunctionBuilder;
  /** The function, for anything this construct does not cover. */
  readonly function: Cloudfunctions2Function;
  /** The subscription that calls the function, for anything that `delivery` does not cover. */
  readonly trigger: PubsubSubscription;

  constructor(scope: Construct, id: string, props: CloudFunctionProcessorProps) {
    super(scope, id);
    const { site, code, source, serviceAccount } = props;
    const settings = functionSettings(this, props);
    const { name, timeoutSeconds } = settings;
    takeName(this, 'function of a site', name, [site.project, site.prefix]);
    needApis(this, 'artifactregistry', 'cloudbuild', 'cloudfunctions', 'iam', 'logging', 'monitoring', 'run', 'storage');
    [this.name, this.timeoutSeconds] = [name, timeoutSeconds];
    const base = `${site.prefix}-${name}`;

    const runtimeEmail = serviceAccount ?? accountOf(this, 'Runtime', site, `${base}-runtime`, `Runs as the function ${base}`).email;
    const invoker = accountOf(this, 'Invoker', site, `${base}-invoker`, `Calls the function ${base}`);
    [this.member, this.invokerEmail] = [`serviceAccount:${runtimeEmail}`, invoker.email];
    this.builder = new FunctionBuilder(this, 'Builder', { site, name: base });
    const { bucket, object } = new CodeSource(this, 'Source', { site, name: base, kind: 'function', code });
    const bindings = [...bindStores(this, props), source.deadLetter.bindWriter(this, DEAD_LETTER)];
    const secrets = bindSecrets(this, site, settings.secretEnvironmentVariables);
    const grants = [...this.builder.grants, ...[...bindings, secrets].flatMap(({ waitFor }) => waitFor)];
    const propagation = new Propagation(this, 'Propagation', grants);

    this.function = new Cloudfunctions2Function(this, 'Function', {
      project: site.project,
      location: site.region,
      name: base,
      buildConfig: {
        runtime: 'nodejs24',
        entryPoint: 'handler',
        source: { storageSource: { bucket: bucket.name, object: object.name } },
        serviceAccount: this.builder.account.name,
        dockerRepository: this.builder.repository.id,
        automaticUpdatePolicy: {},
      },
      serviceConfig: {
        serviceAccountEmail: runtimeEmail,
        // Concurrent calls need at least one vCPU.
        availableCpu: '1',
        availableMemory: `${settings.memoryMiB}Mi`,
        timeoutSeconds,
        maxInstanceRequestConcurrency: settings.concurrency,
        minInstanceCount: settings.minInstances,
        maxInstanceCount: settings.maxInstances,
        ingressSettings: 'ALLOW_INTERNAL_ONLY',
        vpcConnector: props.vpcConnector,
        allTrafficOnLatestRevision: true,
        environmentVariables: Object.assign({}, settings.environmentVariables, ...bindings.map((binding) => binding.settings)),
        secretEnvironmentVariables: secrets.variables.length > 0 ? secrets.variables : undefined,
      },
      dependsOn: [...site.waitFor, propagation],
    });
    this.url = this.function.serviceConfig.uri;
    this.invocable = allowCalls(this, site, this.function, invoker);
    this.trigger = source.deliverTo(this, props.delivery);
    alertOnFailures(this, { project: site.project, service: this.function.name, name: base, notify: props.notify });
  }
}
