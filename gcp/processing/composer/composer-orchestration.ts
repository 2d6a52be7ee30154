import { ComposerEnvironment } from '@cdktf/provider-google/lib/composer-environment';
import type { StorageBucket } from '@cdktf/provider-google/lib/storage-bucket';
import { StorageBucketObject } from '@cdktf/provider-google/lib/storage-bucket-object';
import { Construct } from 'constructs';
import { keepAddress, takeName } from '../../../shared/synth/kept-name';
import { literal } from '../../../shared/synth/literal';
import { mayDestroy, type Removal } from '../../../shared/synth/settings';
import { needApis } from '../../foundation/apis';
import { allowEncrypt } from '../../foundation/encryption';
import { Propagation } from '../../foundation/propagation';
import { accountOf } from '../../foundation/service-account';
import type { Step } from '../../foundation/steps';
import type { Workload } from '../../ports/identity';
import type { Network } from '../../ports/network';
import type { Site } from '../../ports/site';
import { composerSettings, type DagSchedule, type SIZES } from './composer-settings';
import { dagOf } from './dag';
import { allowWorker } from './environment-access';
import { alertOnFailed, alertOnSilence, alertOnUnhealthy } from './environment-alerts';
import { EnvironmentBucket } from './environment-bucket';
import { environmentConfig } from './environment-config';

/** Settings for {@link ComposerOrchestration}. */
export interface ComposerOrchestrationProps {
  /** The project, the region and the prefix of the environment. */
  readonly site: Site;
  /**
   * The steps, in order. A step has one job, or up to ten that run in parallel, by the names that Airflow shows:
   * `[{ Pull: job }, { Report: report, Export: exporter }]`. If a job of a step fails, the others of this step go on to their end,
   * and the next step is not started.
   */
  readonly steps: readonly Step[];
  /**
   * A VPC network with a subnetwork in the region of the site, whose private addresses Airflow reaches, except for those in
   * 100.64.128.0/20, which Composer uses itself. A change detaches the environment from its network for a while.
   */
  readonly network: Network;
  /**
   * When the DAG runs. A run starts only when the one before it has ended, and a time that was missed is left out, except for the last
   * one: the first deploy starts a run at once.
   * @default - only people with the permission start runs
   */
  readonly schedule?: DagSchedule;
  /**
   * The end of the name of the environment, and of its DAG: 1 to 10 lower-case letters and digits. Each environment of a site needs its
   * own name. A change is a replacement, which fails unless `removal: 'destroy'` and `destroyData` are set.
   * @default jobs
   */
  readonly name?: string;
  /**
   * How often the start of a job is tried again, from 0 to 10, if it is refused because the service is busy. A job that has started
   * and fails is not started again: it has retries of its own.
   * @default 5
   */
  readonly maxRetries?: number;
  /**
   * How long a job may take, from 60 seconds to a day. Then the run fails, but the job is not stopped: set it above the time limit of
   * each job itself.
   * @default 14400
   */
  readonly timeoutSeconds?: number;
  /**
   * The size of the database and of what runs all the time: `small`, `medium` or `large`, each about twice as expensive.
   * @default small
   */
  readonly size?: keyof typeof SIZES;
  /**
   * How many workers run tasks, from 1 to 100. A task that waits for a job occupies none between two looks.
   * @default - 1, and up to 3 while tasks wait for a worker
   */
  readonly workers?: { readonly min?: number; readonly max?: number };
  /**
   * The build of Composer 3, with its version of Airflow: the DAG here runs on 2.11 and 3.1. An upgrade cannot be undone.
   * @default composer-3-airflow-2.11.1-build.19
   */
  readonly imageVersion?: string;
  /**
   * Packages of PyPI for DAGs of yours, each with its version: `{ 'dbt-bigquery': '==1.9.0' }`. Their installation has access to the
   * internet, without them nothing has. A change builds an image and restarts Airflow, for about 20 minutes.
   * @default - none: the DAG of this construct needs none
   */
  readonly packages?: Readonly<Record<string, string>>;
  /**
   * When a snapshot is saved in the bucket for 90 days, with the database and the DAGs, as five fields of cron in UTC.
   * @default 0 1 * * *
   */
  readonly snapshots?: string;
  /**
   * The ranges of addresses from which the page of Airflow can be opened, such as `203.0.113.0/24`, with a login and a role at Google.
   * Without the page, the console of Google Cloud and `gcloud composer environments run` show runs and start them.
   * @default - nobody
   */
  readonly webServerRanges?: readonly string[];
  /**
   * After how many days Airflow forgets a run, from 30 to 730.
   * @default 60
   */
  readonly historyDays?: number;
  /**
   * The hour in UTC, from 0 to 17, from which Google may update Airflow for six hours on Saturdays and Sundays, and interrupt tasks.
   * @default 8
   */
  readonly maintenanceHour?: number;
  /**
   * The id of a Cloud KMS key in the region of the site, which encrypts the environment and its bucket. The service agents of Composer
   * and of Cloud Storage are granted the use of the key. A change is a replacement, as for `name`. It cannot be left out later: the
   * environment would keep the key, and its service agent lose it.
   * @default - a Google-managed key, free of charge
   */
  readonly encryptionKey?: string;
  /**
   * The email of an existing service account to run as, which is granted what it needs. A change is a replacement, as for `name`.
   * @default - a new service account, for this environment only
   */
  readonly serviceAccount?: string;
  /**
   * What happens to the environment, its history and its bucket when the stack is deleted. With `retain`, `terraform destroy` fails.
   * `destroy` also requires the context `destroyData`.
   * @default retain
   */
  readonly removal?: Removal;
  /**
   * The ids of the notification channels that every alert notifies.
   * @default - alerts open an incident without a notification
   */
  readonly notify?: readonly string[];
}

/**
 * Processing stage: an environment of Cloud Composer 3, which Google is renaming Managed Service for Apache Airflow, with one DAG that
 * runs jobs in order and starts each when those before it have succeeded.
 *
 * It costs about 400 USD a month from the day of its creation, whether jobs run or not; a larger `size` twice as much. Use
 * `WorkflowsOrchestration` instead, which takes the same `steps` for cents: this is for those who have DAGs in Python, who need the page
 * and the history of Airflow, or who repeat past runs by hand. Do not use it for single events: use `CloudFunctionProcessor`.
 *
 * A task starts a job, and another one looks at it each minute until it has ended. Alerts fire when a run fails, when Airflow does not
 * work, and when nothing succeeds in time. Put DAGs of your own below `dags/` in `bucket`. They run as the account of the environment,
 * which may read and change every object and every topic of the project: Google has no smaller role. Whoever may write to `dags/` has its
 * permissions, so use a project of its own if that is too much.
 *
 * A creation takes 25 to 60 minutes. If it fails, Terraform deletes what was made, which can fail too: look for an environment in the
 * state ERROR or CREATING before the next apply. Another region, name, key or service account is a replacement; everything else changes
 * in place, one setting after another, each for some minutes. The deployer must be allowed to act as its service account.
 * @see https://cloud.google.com/composer/docs/composer-3/composer-overview
 */
export class ComposerOrchestration extends Construct implements Workload {
  readonly name: string;
  readonly member: string;
  readonly subnetwork: string;
  /** The environment, for anything this construct does not cover. */
  readonly environment: ComposerEnvironment;
  /** The bucket with DAGs, logs and snapshots. */
  readonly bucket: StorageBucket;
  /** The file with the DAG. */
  readonly dag: StorageBucketObject;

  constructor(scope: Construct, id: string, props: ComposerOrchestrationProps) {
    super(scope, id);
    const { site } = props;
    const { project, region } = site;
    const settings = composerSettings(this, props);
    const { name, network, steps, schedule, encryptionKey: cryptoKeyId, timeoutSeconds, notify } = settings;
    const destroy = mayDestroy(this, props.removal);
    takeName(this, 'environment of a site', name, [project, site.prefix]);
    needApis(this, 'composer', 'compute', 'iam', 'logging', 'monitoring', 'storage');
    [this.name, this.subnetwork] = [name, network.subnetwork];
    const base = `${site.prefix}-${name}`;

    const email = props.serviceAccount ?? accountOf(this, 'Account', site, `${base}-airflow`, `Runs the DAGs of ${base}`).email;
    this.member = `serviceAccount:${email}`;
    const requests = steps.map((step) => Object.fromEntries(Object.entries(step).map(([job, one]) => [job, one.bindRun(this)])));
    const dag = dagOf(this, { ...settings, name: base, steps: requests });
    const ofJobs = requests.flatMap((step) => Object.values(step).flatMap(({ waitFor }) => waitFor));
    const granted = new Propagation(this, 'Granted', [...new Set([allowWorker(this, site, this.member), ...ofJobs])]);
    this.bucket = new EnvironmentBucket(this, 'Bucket', { site, name, encryptionKey: cryptoKeyId, destroy }).resource;
    this.environment = new ComposerEnvironment(this, 'Environment', {
      project,
      region,
      name: base,
      storageConfig: { bucket: this.bucket.name },
      config: environmentConfig({ ...settings, email, bucket: this.bucket.name }),
      dependsOn: [...site.waitFor, granted, ...allowEncrypt(this, { site, cryptoKeyId, services: ['composer'] })],
      lifecycle: destroy ? undefined : { preventDestroy: true },
    });
    keepAddress(this.environment, name);
    this.dag = new StorageBucketObject(this, 'Dag', {
      bucket: this.bucket.name,
      name: `dags/${base}.py`,
      content: literal(dag),
      contentType: 'text/x-python',
      dependsOn: [this.environment, granted],
    });
    const watched = { project, region, environment: this.environment.name, name: base, notify };
    alertOnUnhealthy(this, watched);
    alertOnFailed(this, watched);
    if (schedule !== undefined) alertOnSilence(this, watched, schedule, steps.length * timeoutSeconds);
  }
}
