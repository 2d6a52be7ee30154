import { CloudRunV2Service, type CloudRunV2ServiceTemplate } from '@cdktf/provider-google/lib/cloud-run-v2-service';
import { CloudRunV2ServiceIamMember } from '@cdktf/provider-google/lib/cloud-run-v2-service-iam-member';
import type { CloudRunV2WorkerPool } from '@cdktf/provider-google/lib/cloud-run-v2-worker-pool';
import { CloudRunV2WorkerPoolIamMember } from '@cdktf/provider-google/lib/cloud-run-v2-worker-pool-iam-member';
import { ParameterManagerParameter } from '@cdktf/provider-google/lib/parameter-manager-parameter';
import { ParameterManagerParameterVersion } from '@cdktf/provider-google/lib/parameter-manager-parameter-version';
import { ProjectIamMember } from '@cdktf/provider-google/lib/project-iam-member';
import { ServiceAccountIamMember } from '@cdktf/provider-google/lib/service-account-iam-member';
import { Fn } from 'cdktf';
import { Construct } from 'constructs';
import { acknowledge } from '../../../shared/synth/acknowledge';
import { takeName } from '../../../shared/synth/kept-name';
import { sha256 } from '../../../shared/synth/sha256';
import { needApis } from '../../foundation/apis';
import type { ImagePolicy } from '../../foundation/images';
import { Propagation } from '../../foundation/propagation';
import { alertOnFailures } from '../../foundation/run/calls';
import { Schedule } from '../../foundation/schedule/schedule';
import { accountOf } from '../../foundation/service-account';
import type { Workload } from '../../ports/identity';
import type { StartRequest } from '../../ports/jobs';
import type { Site } from '../../ports/site';
import { containerOf } from './container';
import { alertOnUnscaled } from './pool-alerts';
import type { WorkerScaling } from './pool-settings';

/** Settings for {@link PoolScaler}. */
export interface PoolScalerProps {
  readonly site: Site;
  /** The name of the worker pool in the site. */
  readonly name: string;
  readonly pool: CloudRunV2WorkerPool;
  /** The service account that the worker pool runs as, such as `projects/example/serviceAccounts/name@example.iam.gserviceaccount.com`. */
  readonly account: string;
  /** The id of the subscription. */
  readonly subscription: string;
  readonly scaling: Required<WorkerScaling>;
  readonly policy?: ImagePolicy;
  readonly notify?: readonly string[];
}

/**
 * Sets the number of instances of a worker pool once a minute, by the number of events that wait in its subscription. It is Google's
 * autoscaler (CREMA), as a service that a schedule calls, because Google's worker pools do not scale by themselves. It is billed only
 * while it works, some seconds of each minute.
 * @see https://cloud.google.com/run/docs/configuring/workerpools/crema-autoscaling
 */
export class PoolScaler extends Construct implements Workload {
  readonly name: string;
  readonly member: string;
  /** The autoscaler, for anything this construct does not cover. */
  readonly service: CloudRunV2Service;

  constructor(scope: Construct, id: string, props: PoolScalerProps) {
    super(scope, id);
    const { site, pool, scaling, policy, notify = [] } = props;
    const { project } = site;
    this.name = `${props.name}-scaler`;
    takeName(this, 'function of a site', this.name, [project, site.prefix]);
    needApis(this, 'cloudresourcemanager', 'iam', 'logging', 'monitoring', 'parametermanager', 'run');
    const base = `${site.prefix}-${this.name}`;

    const { email, member } = accountOf(this, 'Account', site, base, `Scales the worker pool ${site.prefix}-${props.name}`);
    this.member = member;
    const sees = new ProjectIamMember(this, 'Sees', { project, role: 'roles/monitoring.viewer', member });
    const reads = new ProjectIamMember(this, 'Reads', { project, role: 'roles/parametermanager.parameterViewer', member });
    const acts = new ServiceAccountIamMember(this, 'Acts', {
      serviceAccountId: props.account,
      role: 'roles/iam.serviceAccountUser',
      member,
    });
    acknowledge(acts, {
      'least-privilege': 'Google has no role that acts as an account and does not see it. It is granted on this account only.',
    });
    const scales = new CloudRunV2WorkerPoolIamMember(this, 'Scales', {
      ...{ project, location: pool.location, name: pool.name },
      role: 'roles/run.developer',
      member,
      // A plain address is used: hashicorp/terraform-cdk#3532.
      lifecycle: { replaceTriggeredBy: [`${pool.terraformResourceType}.${pool.friendlyUniqueId}.id`] },
    });

    const config = new ParameterManagerParameter(this, 'Config', {
      project,
      parameterId: base,
      format: 'YAML',
      dependsOn: [...site.waitFor],
    });
    const scaled = Fn.join(' ', [pool.id, props.subscription]);
    const version = new ParameterManagerParameterVersion(this, 'Version', {
      parameter: config.id,
      // Another configuration is another version, which is there before the service reads it.
      parameterVersionId: `${sha256(configOf('', '', scaling)).slice(0, 12)}-${Fn.substr(Fn.sha256(scaled), 0, 12)}`,
      parameterData: configOf(pool.id, props.subscription, scaling),
      lifecycle: { createBeforeDestroy: true },
    });

    this.service = new CloudRunV2Service(this, 'Service', {
      project,
      location: site.region,
      name: base,
      ingress: 'INGRESS_TRAFFIC_INTERNAL_ONLY',
      // It holds no data.
      deletionProtection: false,
      binaryAuthorization: policy && { useDefault: true },
      template: scalerTemplate(site, scaling, email, version.name),
      dependsOn: [...site.waitFor, new Propagation(this, 'Propagation', [sees, reads, acts, scales]), ...(policy?.waitFor ?? [])],
      // The Google Cloud CLI writes its own name and version here.
      lifecycle: { ignoreChanges: ['client', 'client_version'] },
    });
    const meaning =
      'The autoscaler fails, so the worker pool keeps its number of instances. Its log says why. The next call is in a minute.';
    const watched = { project, service: this.service.name, name: base, notify };
    alertOnFailures(this, { ...watched, meaning });
    alertOnUnscaled(this, watched);
    // A call that fails is followed by the next one in a minute.
    new Schedule(this, 'Schedule', { site, name: props.name, job: this, recurrence: { cron: '* * * * *', maxRetries: 1 }, notify });
  }

  bindStart(starter: Workload): StartRequest {
    const { terraformResourceType, friendlyUniqueId, project, location, name, uri } = this.service;
    const { member } = starter;
    // A plain address is used: hashicorp/terraform-cdk#3532.
    const lifecycle = { replaceTriggeredBy: [`${terraformResourceType}.${friendlyUniqueId}.id`] };
    const grant = { project, location, name, role: 'roles/run.invoker', member, lifecycle };
    return { url: uri, token: 'oidc', waitFor: [new CloudRunV2ServiceIamMember(starter, 'Calls', grant)] };
  }
}

/** One instance, which is billed only while it is called. */
function scalerTemplate({ region }: Site, { image }: WorkerScaling, serviceAccount: string, config: string): CloudRunV2ServiceTemplate {
  const { limits, ...container } = containerOf(image, { cpu: 1, memoryMiB: 1024 });
  return {
    serviceAccount,
    // The schedule waits 180 seconds for an answer.
    timeout: '170s',
    maxInstanceRequestConcurrency: 1,
    executionEnvironment: 'EXECUTION_ENVIRONMENT_GEN2',
    scaling: { minInstanceCount: 0, maxInstanceCount: 1 },
    containers: [
      {
        ...container,
        // The image has no operating system: Google adds it, and updates it.
        baseImageUri: `${region}-docker.pkg.dev/serverless-runtimes/google-24/runtimes/java25`,
        ports: { containerPort: 8080 },
        resources: { limits, cpuIdle: true, startupCpuBoost: true },
        env: [{ name: 'CREMA_CONFIG', value: config }],
        // It has two processes: the one that answers listens at once, and a call fails until the one that sets instances does too.
        startupProbe: { httpGet: { path: '/healthz' }, initialDelaySeconds: 10 },
      },
    ],
  };
}

/**
 * The configuration of the autoscaler. JSON is YAML too.
 * @see https://github.com/GoogleCloudPlatform/cloud-run-external-metrics-autoscaling/blob/main/metric-provider/api/README.md
 */
function configOf(pool: string, subscriptionName: string, { perInstance, min, max }: Required<WorkerScaling>): string {
  const metadata = { subscriptionName, mode: 'SubscriptionSize', value: String(perInstance), valueIfNull: '0' };
  const trigger = { type: 'gcp-pubsub', metadata, authenticationRef: { name: 'own-account' } };
  return JSON.stringify({
    apiVersion: 'crema/v1',
    kind: 'CremaConfig',
    spec: {
      triggerAuthentications: [{ metadata: { name: 'own-account' }, spec: { podIdentity: { provider: 'gcp' } } }],
      scaledObjects: [{ spec: { scaleTargetRef: { name: pool }, minReplicaCount: min, maxReplicaCount: max, triggers: [trigger] } }],
    },
  });
}
