import { CloudRunV2Job } from '@cdktf/provider-google/lib/cloud-run-v2-job';
import { Construct } from 'constructs';
import { bindStores, type HandlerCode } from '../../../shared/synth/handler-needs';
import { takeName } from '../../../shared/synth/kept-name';
import { needApis } from '../../foundation/apis';
import { buildCommandOf, type ContainerImage, type ImagePolicy } from '../../foundation/images';
import { Propagation } from '../../foundation/propagation';
import { bindSecrets, type SecretVariable } from '../../foundation/run/variables';
import { type Recurrence, Schedule } from '../../foundation/schedule/schedule';
import { accountOf } from '../../foundation/service-account';
import type { Workload } from '../../ports/identity';
import type { Job, RunRequest, StartRequest } from '../../ports/jobs';
import type { Network } from '../../ports/network';
import type { Site } from '../../ports/site';
import type { ObjectStore, TableStore } from '../../ports/stores';
import { variablesOf } from './container';
import { alertOnFailed, alertOnSilence } from './job-alerts';
import { annotationsOf, jobSettings } from './job-settings';
import { allowRun, allowStart } from './job-start';
import { templateOf } from './job-template';

/** Settings for {@link CloudRunJob}. */
export interface CloudRunJobProps {
  /** The project, the region and the prefix of the job. */
  readonly site: Site;
  /** The image. It must be in its registry before the apply. Its process ends with 0 if its task is done. */
  readonly image: ContainerImage;
  /**
   * The stores that the job reads. The name of each is the start of its environment variables: `SOURCE` adds `SOURCE_BUCKET`. To query
   * a BigQuery table, grant `member` the role BigQuery Job User on the project that pays.
   * @default - none
   */
  readonly inputs?: Readonly<Record<string, ObjectStore | TableStore>>;
  /**
   * The stores that the job adds to. A retry that writes an object again is refused: then the object is there already.
   * @default - none
   */
  readonly outputs?: Readonly<Record<string, ObjectStore | TableStore>>;
  /**
   * The bundled handler that the image was built from. Its stores are then checked, and an annotation of the job has its hash: a plan
   * with another hash and the same image runs old code.
   * @default - the image has your own code, whose stores are not checked
   */
  readonly code?: HandlerCode;
  /**
   * When the job is started. It can start twice, and while an execution is still running.
   * @default - only people and services with the permission start it
   */
  readonly schedule?: Recurrence;
  /**
   * The end of the name of the job: 1 to 10 lower-case letters and digits. Each job of a site needs its own name.
   * @default job
   */
  readonly name?: string;
  /**
   * The arguments of the process.
   * @default - those of the image
   */
  readonly args?: readonly string[];
  /**
   * The number of tasks of an execution, from 1 to 10000. Each is a process of its own, and does the part of the work that its
   * variables `CLOUD_RUN_TASK_INDEX` and `CLOUD_RUN_TASK_COUNT` say.
   * @default 1
   */
  readonly tasks?: number;
  /**
   * How many tasks run at a time, from 1 to `tasks`, and at most 100.
   * @default - all, up to 100
   */
  readonly parallelism?: number;
  /**
   * How often a task that fails is started again, from 0 to 10. It does all of its work again.
   * @default 3
   */
  readonly maxRetries?: number;
  /**
   * How long one try of a task may take, from 10 seconds to 7 days. Then it is stopped, and counts as failed.
   * @default 3600
   */
  readonly timeoutSeconds?: number;
  /**
   * The vCPUs of each task: 1, 2, 4, 6 or 8.
   * @default 1
   */
  readonly cpu?: number;
  /**
   * Memory of each task in MiB: 512 to 4096 with 1 vCPU, up to 32768 with 8. Files that it writes to its disk are in its memory.
   * @default 2048
   */
  readonly memoryMiB?: number;
  /**
   * Environment variables, in addition to those of the stores.
   * @default - none
   */
  readonly environmentVariables?: Readonly<Record<string, string>>;
  /**
   * Secrets of Secret Manager as environment variables. The job is granted read access to each.
   * @default - none
   */
  readonly secretEnvironmentVariables?: Readonly<Record<string, SecretVariable>>;
  /**
   * A VPC network with a subnetwork in the region of the site, whose private addresses the job reaches. Each task takes an address
   * of the subnetwork.
   * @default - no network: the job reaches public addresses only
   */
  readonly network?: Network;
  /**
   * The email of an existing service account that the job runs as. It is granted the permissions that it needs. Nothing else should run
   * as it: of two equal grants, Google takes both away with either.
   * @default - a new service account, for this job only
   */
  readonly serviceAccount?: string;
  /**
   * The Binary Authorization policy of the project, such as a `ContainerSecurity`. The image is checked at each start of the job, not at
   * the apply: an execution that the policy refuses fails.
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
 * Processing stage: a container on Cloud Run that is started, does its work in one or many tasks, and ends.
 *
 * An alert fires when an execution fails, and when none succeeds in the time of a pause of the schedule and of one execution. Cloud
 * Monitoring looks back 23.5 hours, so a schedule that starts once a day has only the alerts on failed executions and on refused starts.
 * A task that is retried does its work again, so it must be repeatable: name what it writes by what it reads. Do not use it for single
 * events: use `CloudRunProcessor` or `CloudFunctionProcessor`. For several jobs in order, use `WorkflowsOrchestration`.
 *
 * Idle it costs its alerts and its schedule. An hour of a task with 1 vCPU and 2 GiB costs about 8 cents. A deploy replaces the job
 * with another region or name. Executions that are running keep their image and settings.
 * @see https://cloud.google.com/run/docs/create-jobs
 */
export class CloudRunJob extends Construct implements Workload, Job {
  readonly name: string;
  readonly member: string;
  readonly subnetwork?: string;
  /** A command that builds the image from `code` and shows its digest. It runs in the folder of the stack, before the apply. */
  readonly buildCommand?: string;
  /** The job, for anything this construct does not cover. */
  readonly job: CloudRunV2Job;
  /** What starts the job, if it has a schedule. */
  readonly schedule?: Schedule;

  constructor(scope: Construct, id: string, props: CloudRunJobProps) {
    super(scope, id);
    const { site, image, code, args, schedule, network, notify = [], inputs = {}, outputs = {}, binaryAuthorization: policy } = props;
    const settings = jobSettings(this, props);
    const { name, tasks, parallelism, maxRetries, timeoutSeconds } = settings;
    takeName(this, 'job of a site', name, [site.project, site.prefix]);
    needApis(this, 'iam', 'logging', 'monitoring', 'run');
    [this.name, this.subnetwork] = [name, network?.subnetwork];
    const base = `${site.prefix}-${name}`;

    const email = props.serviceAccount ?? accountOf(this, 'Account', site, `${base}-job`, `Runs as the job ${base}`).email;
    this.member = `serviceAccount:${email}`;
    const bindings = [
      ...Object.entries(inputs).map(([start, store]) => store.bindReader(this, start)),
      ...bindStores(this, { code, stores: outputs }, 'outputs'),
    ];
    const secrets = bindSecrets(this, site, props.secretEnvironmentVariables ?? {}, 'job');
    const grants = [...bindings, secrets].flatMap(({ waitFor }) => waitFor);
    const granted = grants.length > 0 ? [new Propagation(this, 'Propagation', grants)] : [];
    const values: Record<string, string> = Object.assign({}, props.environmentVariables, ...bindings.map((binding) => binding.settings));
    if (code) this.buildCommand = buildCommandOf(this, code, image);

    this.job = new CloudRunV2Job(this, 'Job', {
      project: site.project,
      location: site.region,
      name: base,
      // It holds no data.
      deletionProtection: false,
      binaryAuthorization: policy && { useDefault: true },
      annotations: annotationsOf({ inputs, outputs }, code),
      template: templateOf({ ...settings, image, args, network, serviceAccount: email, env: variablesOf(site, values, secrets.variables) }),
      dependsOn: [...site.waitFor, ...granted, ...(policy?.waitFor ?? [])],
      // The Google Cloud CLI writes its own name and version here.
      lifecycle: { ignoreChanges: ['client', 'client_version'] },
    });
    const watched = { project: site.project, job: this.job.name, name: base, notify };
    alertOnFailed(this, watched);
    if (schedule === undefined) return;
    this.schedule = new Schedule(this, 'Schedule', { site, name, job: this, recurrence: schedule, notify });
    alertOnSilence(this, watched, schedule, timeoutSeconds * (maxRetries + 1) * Math.ceil(tasks / parallelism));
  }

  bindStart(starter: Workload): StartRequest {
    return allowStart(this.job, this.name, starter);
  }

  bindRun(starter: Workload): RunRequest {
    return allowRun(this.job, this.name, starter);
  }
}
