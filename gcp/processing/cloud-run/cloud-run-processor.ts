import { CloudRunV2Service } from '@cdktf/provider-google/lib/cloud-run-v2-service';
import type { PubsubSubscription } from '@cdktf/provider-google/lib/pubsub-subscription';
import type { ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';
import { bindStores, type HandlerCode } from '../../../shared/synth/handler-needs';
import { takeName } from '../../../shared/synth/kept-name';
import { needApis } from '../../foundation/apis';
import { buildCommandOf, type ContainerImage, type ImagePolicy } from '../../foundation/images';
import { Propagation } from '../../foundation/propagation';
import { alertOnFailures, allowCalls } from '../../foundation/run/calls';
import { bindSecrets, DEAD_LETTER, type SecretVariable } from '../../foundation/run/variables';
import { accountOf } from '../../foundation/service-account';
import type { Delivery } from '../../ports/delivery';
import type { FunctionWorkload } from '../../ports/identity';
import type { Network } from '../../ports/network';
import type { RecordSource } from '../../ports/records';
import type { Site } from '../../ports/site';
import type { ObjectStore, TableStore } from '../../ports/stores';
import { variablesOf } from './container';
import { serviceSettings, templateOf } from './service-template';

/** Settings for {@link CloudRunProcessor}. */
export interface CloudRunProcessorProps {
  /** The project, the region and the prefix of the service. */
  readonly site: Site;
  /** The image. It must be in its registry before the apply, and answer Pub/Sub pushes on the port of the variable `PORT`. */
  readonly image: ContainerImage;
  /** Where the events come from. */
  readonly source: RecordSource;
  /** The stores of the image. The name of each is the start of its environment variables: `STORE` adds `STORE_BUCKET`. */
  readonly stores: Readonly<Record<string, ObjectStore | TableStore>>;
  /**
   * The bundled handler that the image was built from. Its source and its stores are then checked, and an annotation of the service
   * has its hash: a plan with another hash and the same image runs old code.
   * @default - the image has your own code, whose source and stores are not checked
   */
  readonly code?: HandlerCode;
  /**
   * How events are retried.
   * @default - the defaults of the source: see `Delivery`
   */
  readonly delivery?: Delivery;
  /**
   * The end of the name of the service: 1 to 10 lower-case letters and digits, which no function of the site has. The subscription
   * has it in its name: after a change of the name, Terraform deletes the old subscription, with its waiting events.
   * @default service
   */
  readonly name?: string;
  /**
   * The vCPUs of each instance: 1, 2, 4, 6 or 8.
   * @default 1
   */
  readonly cpu?: number;
  /**
   * Memory of each instance in MiB: 512 to 4096 with 1 vCPU, up to 32768 with 8. All events of concurrent calls must fit into half of
   * it, and an event of 10 MB needs about six times its size.
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
   * A path that answers GET with 200 while the container is healthy. An instance gets calls after the first such answer, and is
   * replaced after three failures. The handlers of this project have no such path: they end their process themselves.
   * @default - an instance gets calls when it listens, and is replaced when its process ends
   */
  readonly healthPath?: string;
  /**
   * Environment variables, in addition to those of the stores.
   * @default - none
   */
  readonly environmentVariables?: Readonly<Record<string, string>>;
  /**
   * Secrets of Secret Manager as environment variables. The service is granted read access to each.
   * @default - none
   */
  readonly secretEnvironmentVariables?: Readonly<Record<string, SecretVariable>>;
  /**
   * A VPC network with a subnetwork in the region of the site, whose private addresses the service reaches. Each instance takes an
   * address of the subnetwork.
   * @default - no network: the service reaches public addresses only
   */
  readonly network?: Network;
  /**
   * The email of an existing service account that the service runs as. It is granted the permissions that it needs. Nothing else should run
   * as it: of two equal grants, Google takes both away with either.
   * @default - a new service account, for this service only
   */
  readonly serviceAccount?: string;
  /**
   * The Binary Authorization policy of the project, such as a `ContainerSecurity`. Each revision is checked when it is deployed, and one
   * that the policy refuses fails the apply: the revision before it goes on.
   * @default - images are not checked
   */
  readonly binaryAuthorization?: ImagePolicy;
  /**
   * The ids of the notification channels that every alert notifies.
   * @default - alerts open an incident without a notification
   */
  readonly notify?: readonly string[];
}

/**
 * Processing stage: a container on Cloud Run that processes one event in each HTTPS call. It accepts only internal traffic, and
 * only calls of its invoker. A push subscription of the buffer calls it.
 *
 * For a bundled handler, use `CloudFunctionProcessor`: Google builds its image, and updates Node.js in it. Use this for another
 * language, for system libraries, for more than 4 GiB, or where images must come from your own registry. `build_config` of Terraform
 * builds nothing (hashicorp/terraform-provider-google#22263), so the image is built before the apply. Do not use it for work over
 * 10 minutes.
 *
 * It costs nothing without calls. A million events of 50 ms cost 1 to 2 dollars, less if calls share an instance. A deploy
 * replaces the service with another region or name. Another image starts a new revision, and calls in progress end on the old one.
 * @see https://cloud.google.com/run/docs/triggering/pubsub-push
 * @see https://cloud.google.com/run/docs/building/functions
 */
export class CloudRunProcessor extends Construct implements FunctionWorkload {
  readonly name: string;
  readonly member: string;
  readonly subnetwork?: string;
  readonly url: string;
  readonly invokerEmail: string;
  readonly timeoutSeconds: number;
  readonly invocable: readonly ITerraformDependable[];
  /**
   * A command that builds the image from `code` and shows its digest. It runs in the folder of the stack, before the apply, and only with
   * `code`.
   */
  readonly buildCommand?: string;
  /** The service, for anything this construct does not cover. */
  readonly service: CloudRunV2Service;
  /** The subscription that calls the service, for anything that `delivery` does not cover. */
  readonly trigger: PubsubSubscription;

  constructor(scope: Construct, id: string, props: CloudRunProcessorProps) {
    super(scope, id);
    const { site, image, code, source, network, serviceAccount, environmentVariables, secretEnvironmentVariables = {} } = props;
    const { binaryAuthorization: policy } = props;
    const { name, timeoutSeconds, ...settings } = serviceSettings(this, props);
    takeName(this, 'function of a site', name, [site.project, site.prefix]);
    needApis(this, 'iam', 'logging', 'monitoring', 'run');
    [this.name, this.timeoutSeconds, this.subnetwork] = [name, timeoutSeconds, network?.subnetwork];
    const base = `${site.prefix}-${name}`;

    const runtimeEmail = serviceAccount ?? accountOf(this, 'Runtime', site, `${base}-runtime`, `Runs as the service ${base}`).email;
    const invoker = accountOf(this, 'Invoker', site, `${base}-invoker`, `Calls the service ${base}`);
    [this.member, this.invokerEmail] = [`serviceAccount:${runtimeEmail}`, invoker.email];
    const bindings = [...bindStores(this, props), source.deadLetter.bindWriter(this, DEAD_LETTER)];
    const secrets = bindSecrets(this, site, secretEnvironmentVariables);
    const grants = [...bindings, secrets].flatMap(({ waitFor }) => waitFor);
    const propagation = new Propagation(this, 'Propagation', grants);
    const values: Record<string, string> = Object.assign({}, environmentVariables, ...bindings.map((binding) => binding.settings));

    if (code) this.buildCommand = buildCommandOf(this, code, image, ',env=GOOGLE_FUNCTION_TARGET=handler');

    this.service = new CloudRunV2Service(this, 'Service', {
      project: site.project,
      location: site.region,
      name: base,
      ingress: 'INGRESS_TRAFFIC_INTERNAL_ONLY',
      // It holds no data.
      deletionProtection: false,
      binaryAuthorization: policy && { useDefault: true },
      annotations: code && { 'handler-sha256': code.hash },
      template: templateOf({
        ...settings,
        timeoutSeconds,
        ...{ image, network, serviceAccount: runtimeEmail },
        env: variablesOf(site, values, secrets.variables),
      }),
      dependsOn: [...site.waitFor, propagation, ...(policy?.waitFor ?? [])],
      // The Google Cloud CLI writes its own name and version here.
      lifecycle: { ignoreChanges: ['client', 'client_version'] },
    });
    this.url = this.service.uri;
    this.invocable = allowCalls(this, site, this.service, invoker);
    this.trigger = source.deliverTo(this, props.delivery);
    alertOnFailures(this, { project: site.project, service: this.service.name, name: base, notify: props.notify });
  }
}
