import { ProjectIamMember } from '@cdktf/provider-google/lib/project-iam-member';
import { WorkbenchInstance } from '@cdktf/provider-google/lib/workbench-instance';
import { WorkbenchInstanceIamMember } from '@cdktf/provider-google/lib/workbench-instance-iam-member';
import { Construct } from 'constructs';
import { acknowledge } from '../../../shared/synth/acknowledge';
import { keepAddress, takeName } from '../../../shared/synth/kept-name';
import { mayDestroy, type Removal } from '../../../shared/synth/settings';
import { googleKey } from '../../foundation/answers';
import { needApis } from '../../foundation/apis';
import { allowEncrypt } from '../../foundation/encryption';
import { Propagation } from '../../foundation/propagation';
import { accountOf } from '../../foundation/service-account';
import type { Workload } from '../../ports/identity';
import type { Network } from '../../ports/network';
import type { Site } from '../../ports/site';
import { type Inputs, workbenchSettings } from './workbench-settings';

/**
 * Metadata that Workbench sets itself. Terraform would otherwise remove it in each plan, and start an instance that was shut down.
 * https://cloud.google.com/vertex-ai/docs/workbench/instances/manage-metadata
 */
const OF_WORKBENCH = { 'enable-jupyterlab4': 'true', 'new-proxy-agent-enabled': 'true' };

/** Settings for {@link Workbench}. */
export interface WorkbenchProps {
  /** The project, the region and the prefix of the instance. */
  readonly site: Site;
  /**
   * The email of the one person who may open JupyterLab, such as `ada@example.com`. A change is a replacement, which fails unless
   * `removal: 'destroy'` and `destroyData` are set.
   */
  readonly owner: string;
  /**
   * A VPC network with a subnetwork in the region of the site. The instance has no public address: the subnetwork needs Private Google
   * Access, and Cloud NAT to install packages. A change is a replacement, as for `owner`.
   */
  readonly network: Network;
  /**
   * The stores that notebooks read, by name. `{ EVENTS: store }` adds the metadata `EVENTS_TABLE`. See `readSetting`.
   * @default - none
   */
  readonly inputs?: Inputs;
  /**
   * The end of the name of the instance: 1 to 10 lower-case letters and digits. Each instance of a site needs its own name. A change
   * is a replacement, as for `owner`.
   * @default workbench
   */
  readonly name?: string;
  /**
   * The machine type, without accelerators. A change restarts the instance.
   * @default e2-standard-4
   */
  readonly machineType?: string;
  /**
   * The size of the disk with the notebooks in GB, from 10 to 64000. It can only grow.
   * @default 100
   */
  readonly dataDiskGb?: number;
  /**
   * After how many minutes without work the instance is shut down, from 10 to 1440. Its disks stay. The owner starts it again.
   * @default 60
   */
  readonly idleShutdownMinutes?: number;
  /**
   * The zone, in the region of the site. A change is a replacement, as for `owner`.
   * @default - zone b of the region
   */
  readonly zone?: string;
  /**
   * The id of a Cloud KMS key in the region of the site, which encrypts both disks. The Compute Engine service agent of the project is
   * granted the use of the key. A change is a replacement, as for `owner`.
   * @default - a Google-managed key, free of charge
   */
  readonly encryptionKey?: string;
  /**
   * What happens to the disks with the notebooks when the stack is deleted. With `retain`, `terraform destroy` fails. `destroy` also
   * requires the context `destroyData`.
   * @default retain
   */
  readonly removal?: Removal;
}

/**
 * Processing stage: JupyterLab for one person who explores the data of stores, on a virtual machine of Vertex AI Workbench. It takes
 * the place of Cloud Datalab, which Google archived on 2022-09-03.
 *
 * Notebooks run as a service account that reads `inputs` and changes nothing. Keep them in a Git repository too: Google has no
 * backup of the disks, and only Terraform refuses to delete them. Do not use it for work without a person: use `ScheduledQuery` for SQL
 * and `CloudRunJob` for code.
 *
 * Idle it costs its disks, about 25 USD a month: it is shut down after an hour without work. An hour with e2-standard-4 costs about
 * 0.13 USD. Queries are billed by the bytes that they read. There is no alert: nothing waits for a notebook.
 *
 * A deploy changes `inputs`, `machineType`, `dataDiskGb` and `idleShutdownMinutes` in place, and every change in place starts an
 * instance that was shut down. Whoever deploys must be allowed to act as its service account.
 * @see https://cloud.google.com/vertex-ai/docs/workbench/instances/introduction
 */
export class Workbench extends Construct implements Workload {
  readonly name: string;
  readonly member: string;
  readonly subnetwork: string;
  /** The instance, for anything this construct does not cover. */
  readonly instance: WorkbenchInstance;
  /** The names of the metadata that tell notebooks where the stores are, such as `EVENTS_TABLE`. */
  readonly settings: readonly string[];

  constructor(scope: Construct, id: string, props: WorkbenchProps) {
    super(scope, id);
    const { site } = props;
    const { project } = site;
    const { owner, network, inputs, name, zone, dataDiskGb, encryptionKey: cryptoKeyId, ...sizes } = workbenchSettings(this, props);
    const destroy = mayDestroy(this, props.removal);
    takeName(this, 'workbench of a site', name, [project, site.prefix]);
    needApis(this, 'compute', 'iam', 'notebooks');
    [this.name, this.subnetwork] = [name, network.subnetwork];
    const base = `${site.prefix}-${name}`;

    const account = accountOf(this, 'Account', site, `${base}-bench`, `Runs the notebooks of ${base}`);
    this.member = account.member;
    const bindings = Object.entries(inputs).map(([store, one]) => one.bindReader(this, store));
    const settings: Record<string, string> = Object.assign({}, ...bindings.map((binding) => binding.settings));
    this.settings = Object.keys(settings);
    const grants = [...bindings.flatMap(({ waitFor }) => waitFor), ...this.allowQueries(project)];
    const granted = grants.length > 0 ? [new Propagation(this, 'Granted', grants)] : [];
    const encrypted = allowEncrypt(this, { site, cryptoKeyId, services: ['compute'] });
    const disk = { diskType: 'PD_BALANCED', ...(cryptoKeyId && { diskEncryption: 'CMEK', kmsKey: cryptoKeyId }) };

    this.instance = new WorkbenchInstance(this, 'Instance', {
      project,
      location: zone,
      name: base,
      instanceOwners: [owner],
      gceSetup: {
        machineType: sizes.machineType,
        disablePublicIp: true,
        enableIpForwarding: false,
        serviceAccounts: [{ email: account.email }],
        networkInterfaces: [{ network: network.network, subnet: network.subnetwork }],
        shieldedInstanceConfig: { enableSecureBoot: true, enableVtpm: true, enableIntegrityMonitoring: true },
        bootDisk: { diskSizeGb: '150', ...disk },
        dataDisks: { diskSizeGb: String(dataDiskGb), ...disk },
        metadata: {
          'idle-timeout-seconds': String(sizes.idleShutdownMinutes * 60),
          'notebook-disable-root': 'true',
          ...OF_WORKBENCH,
          ...settings,
        },
      },
      dependsOn: [...site.waitFor, ...granted, ...encrypted],
      // The owner starts it, and idle shutdown stops it.
      lifecycle: { ignoreChanges: ['desired_state'], preventDestroy: destroy ? undefined : true },
    });
    keepAddress(this.instance, name);
    if (!cryptoKeyId) acknowledge(this.instance, { CKV2_GCP_27: googleKey('encryptionKey on the Workbench') });
    const { location, name: instance, terraformResourceType, friendlyUniqueId } = this.instance;
    // An instance that is replaced loses its grants. A plain address is used: hashicorp/terraform-cdk#3532.
    const lifecycle = { replaceTriggeredBy: [`${terraformResourceType}.${friendlyUniqueId}.id`] };
    const starter = { project, location, name: instance, role: 'roles/notebooks.editor', member: `user:${owner}`, lifecycle };
    new WorkbenchInstanceIamMember(this, 'Starter', starter);
  }

  /**
   * A command that shows where a store is, for a cell of a notebook: `!` and the command.
   * @param name one of `settings`, such as `EVENTS_TABLE`
   */
  readSetting(name: string): string {
    return `curl -sH 'Metadata-Flavor: Google' http://metadata.google.internal/computeMetadata/v1/instance/attributes/${name}`;
  }

  /** Let notebooks query tables of BigQuery, if there are some, and read the results fast. */
  private allowQueries(project: string): ProjectIamMember[] {
    if (!this.settings.some((name) => name.endsWith('_DATASET'))) return [];
    const { member } = this;
    return [
      new ProjectIamMember(this, 'JobUser', { project, role: 'roles/bigquery.jobUser', member }),
      new ProjectIamMember(this, 'ReadSessionUser', { project, role: 'roles/bigquery.readSessionUser', member }),
    ];
  }
}
