import { CloudRunV2WorkerPool } from '@cdktf/provider-google/lib/cloud-run-v2-worker-pool';
import { Construct } from 'constructs';
import { bindStores, type HandlerCode } from '../../../shared/synth/handler-needs';
import { takeName } from '../../../shared/synth/kept-name';
import { needApis } from '../../foundation/apis';
import { buildCommandOf, type ContainerImage, type ImagePolicy } from '../../foundation/images';
import { Propagation } from '../../foundation/propagation';
import { bindSecrets, DEAD_LETTER, type SecretVariable } from '../../foundation/run/variables';
import { accountId, accountOf } from '../../foundation/service-account';
import type { Delivery } from '../../ports/delivery';
import type { Workload } from '../../ports/identity';
import type { Network } from '../../ports/network';
import type { RecordSource } from '../../ports/records';
import type { Site } from '../../ports/site';
import type { ObjectStore, TableStore } from '../../ports/stores';
import { accessTo, containerOf, variablesOf } from './container';
import { alertOnGone } from './pool-alerts';
import { PoolScaler } from './pool-scaler';
import { EVENTS, poolSettings, type WorkerScaling } from './pool-settings';

/** Settings for {@link CloudRunWorkerPool}. */
export interface CloudRunWorkerPoolProps {
  /** The project, the region and the prefix of the worker pool. */
  readonly site: Site;
  /**
   * The image. It must be in its registry before the apply. Its process pulls from `EVENTS_SUBSCRIPTION` at `EVENTS_ENDPOINT`, extends
   * the deadlines of what is open, ends within 10 seconds of SIGTERM, and ends itself if it hangs: there are no probes. If
   * `EVENTS_ORDERED` is `true`, it processes events with the same ordering key one after the other.
   */
  readonly image: ContainerImage;
  /** Where the events come from. */
  readonly source: RecordSource;
  /** The stores of the image. The name of each is the start of its environment variables: `STORE` adds `STORE_BUCKET`. */
  readonly stores: Readonly<Record<string, ObjectStore | TableStore>>;
  /**
   * The bundled handler that the image was built from, such as `pub-sub-pull-to-bigquery`. Its stores are then checked, and an
   * annotation of the worker pool has its hash: a plan with another hash and the same image runs old code.
   * @default - the image has your own code, whose stores are not checked
   */
  readonly code?: HandlerCode;
  /**
   * How events are retried.
   * @default - the defaults of the source: see `Delivery`
   */
  readonly delivery?: Delivery;
  /**
   * The end of the name of the worker pool: 1 to 10 lower-case letters and digits, which no function or service of the site has. The
   * subscription has it in its name: after a change of the name, Terraform deletes the old subscription, with its waiting events.
   * @default worker
   */
  readonly name?: string;
  /**
   * The number of instances, from 0 to 100. All of them are billed around the clock. With 0, events wait until they are too old.
   * @default 1
   */
  readonly instances?: number;
  /**
   * Another number of instances each minute, by the number of events that wait. It adds Google's autoscaler for worker pools, as a
   * service that a schedule calls, for about 6 dollars a month. It may read all metrics and parameters of the project, and change this
   * worker pool.
   * @default - the number of `instances`
   */
  readonly scaling?: WorkerScaling;
  /**
   * The maximum number of events that are open in one instance, from 1 to 1000. More need more `memoryMiB`.
   * @default 10
   */
  readonly concurrency?: number;
  /**
   * The vCPUs of each instance: 1, 2, 4, 6 or 8.
   * @default 1
   */
  readonly cpu?: number;
  /**
   * Memory of each instance in MiB: 512 to 4096 with 1 vCPU, up to 32768 with 8. All open events must fit into half of it, and an event
   * of 10 MB needs about six times its size.
   * @default 2048
   */
  readonly memoryMiB?: number;
  /**
   * Environment variables, in addition to those of the subscription and of the stores.
   * @default - none
   */
  readonly environmentVariables?: Readonly<Record<string, string>>;
  /**
   * Secrets of Secret Manager as environment variables. The worker pool is granted read access to each.
   * @default - none
   */
  readonly secretEnvironmentVariables?: Readonly<Record<string, SecretVariable>>;
  /**
   * A VPC network with a subnetwork in the region of the site, whose private addresses the worker pool reaches. Each instance takes an
   * address of the subnetwork.
   * @default - no network: the worker pool reaches public addresses only
   */
  readonly network?: Network;
  /**
   * The email of an existing service account that the worker pool runs as. It is granted the permissions that it needs. Nothing else should run
   * as it: of two equal grants, Google takes both away with either.
   * @default - a new service account, for this worker pool only
   */
  readonly serviceAccount?: string;
  /**
   * The Binary Authorization policy of the project, such as a `ContainerSecurity`. Each revision is checked when it is deployed, and so
   * is the autoscaler: sign the copy of its image, or allow it by a pattern.
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
 * Processing stage: a container on Cloud Run that pulls its events itself, with one instance or more around the clock.
 *
 * An instance with 1 vCPU and 2 GiB costs about 35 dollars a month, with or without events, and there is no charge for each event. Below
 * about 20 million events a month, `CloudRunProcessor` costs less, and it scales to zero within seconds: Pub/Sub calls it. Use this for
 * a high and steady load, for a library or a connection that must stay open between events, or where nothing may be called from outside.
 * Do not use it for bursts: Google's worker pools do not scale by themselves, and `scaling` follows a burst after about three minutes.
 *
 * An event is acknowledged after it is in the store. When an instance is stopped it finishes what is open, or gives it back; that, and
 * an instance that ends, costs an event one of its retries. The alerts are on instances that are gone, on events that wait, and on events
 * that are not acknowledged in time. A deploy replaces the worker pool with another region or name. Another image is another revision,
 * and the instances of the one before are stopped.
 * @see https://cloud.google.com/run/docs/deploy-worker-pools
 */
export class CloudRunWorkerPool extends Construct implements Workload {
  readonly name: string;
  readonly member: string;
  readonly subnetwork?: string;
  /**
   * A command that builds the image from `code` and shows its digest. It runs in the folder of the stack, before the apply, and only with
   * `code`.
   */
  readonly buildCommand?: string;
  /** The worker pool, for anything this construct does not cover. */
  readonly pool: CloudRunV2WorkerPool;
  /** What sets the number of instances, with `scaling`. */
  readonly scaler?: PoolScaler;

  constructor(scope: Construct, id: string, props: CloudRunWorkerPoolProps) {
    super(scope, id);
    const { site, image, code, source, network, notify = [], binaryAuthorization: policy } = props;
    const { name, instances, scaling, concurrency, ...sizes } = poolSettings(this, props);
    takeName(this, 'function of a site', name, [site.project, site.prefix]);
    needApis(this, 'iam', 'logging', 'monitoring', 'run');
    [this.name, this.subnetwork] = [name, network?.subnetwork];
    const base = `${site.prefix}-${name}`;

    const { serviceAccount: theirs } = props;
    const own = theirs === undefined ? accountOf(this, 'Account', site, `${base}-pool`, `Runs as the worker pool ${base}`) : undefined;
    const email = theirs ?? own!.email;
    this.member = `serviceAccount:${email}`;
    const events = source.bindReader(this, EVENTS, props.delivery);
    const bindings = [events, ...bindStores(this, props), source.deadLetter.bindWriter(this, DEAD_LETTER)];
    const secrets = bindSecrets(this, site, props.secretEnvironmentVariables ?? {});
    const grants = [...bindings, secrets].flatMap(({ waitFor }) => waitFor);
    const settings = Object.assign({}, ...bindings.map((binding) => binding.settings), { [`${EVENTS}_CONCURRENCY`]: String(concurrency) });
    const { limits, ...container } = containerOf(image, sizes);
    if (code) this.buildCommand = buildCommandOf(this, code, image);

    this.pool = new CloudRunV2WorkerPool(this, 'Pool', {
      project: site.project,
      location: site.region,
      name: base,
      // Accepted for generally available features too. Google answers with the stage of what is used.
      launchStage: 'BETA',
      // It holds no data: events wait in the subscription.
      deletionProtection: false,
      scaling: { manualInstanceCount: scaling?.min ?? instances },
      binaryAuthorization: policy && { useDefault: true },
      annotations: code && { 'handler-sha256': code.hash },
      template: {
        serviceAccount: email,
        vpcAccess: accessTo(network),
        containers: [
          {
            ...container,
            resources: { limits },
            env: variablesOf(site, { ...props.environmentVariables, ...settings }, secrets.variables),
          },
        ],
      },
      dependsOn: [...site.waitFor, new Propagation(this, 'Propagation', grants), ...(policy?.waitFor ?? [])],
      lifecycle: {
        // The Google Cloud CLI writes its own name and version here, and the autoscaler the number of instances.
        ignoreChanges: ['client', 'client_version', 'launch_stage', ...(scaling ? ['scaling[0].manual_instance_count'] : [])],
      },
    });
    if ((scaling?.min ?? instances) > 0) alertOnGone(this, { project: site.project, pool: this.pool.name, name: base, notify });
    if (!scaling) return;
    const [subscription, account] = [events.settings[`${EVENTS}_SUBSCRIPTION`]!, own?.name ?? accountId(email, site)];
    this.scaler = new PoolScaler(this, 'Scaler', { site, name, pool: this.pool, account, subscription, scaling, policy, notify });
  }
}
