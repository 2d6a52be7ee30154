import type { BigtableAppProfile } from '@cdktf/provider-google/lib/bigtable-app-profile';
import type { BigtableGcPolicy } from '@cdktf/provider-google/lib/bigtable-gc-policy';
import type { BigtableInstance } from '@cdktf/provider-google/lib/bigtable-instance';
import type { BigtableTable } from '@cdktf/provider-google/lib/bigtable-table';
import { BigtableTableIamMember } from '@cdktf/provider-google/lib/bigtable-table-iam-member';
import { Construct } from 'constructs';
import { acknowledge } from '../../../shared/synth/acknowledge';
import { takeName } from '../../../shared/synth/kept-name';
import { prefixed } from '../../../shared/synth/prefixed';
import { mayDestroy, type Removal } from '../../../shared/synth/settings';
import { needApis } from '../../foundation/apis';
import type { Binding, Workload } from '../../ports/identity';
import type { Site } from '../../ports/site';
import type { TableStore } from '../../ports/stores';
import { bigtableSettings } from './bigtable-settings';
import { alertOnFailedRequests } from './load-alerts';
import { RowTable } from './row-table';
import { ScalingInstance } from './scaling-instance';

const WRITER =
  'Google has no role that only writes rows. This role can also read and delete rows of this table. If a writer must not, grant a ' +
  'custom role with bigtable.tables.mutateRows on the table.';

/** Settings for {@link BigtableStore}. */
export interface BigtableStoreProps {
  /** The project, the region and the prefix of the store. */
  readonly site: Site;
  /**
   * The end of the id of the instance: 3 to 16 lower-case letters and digits. Each store of a site and of a stack needs its own
   * name. A change of the name is a replacement, which fails unless `removal: 'destroy'` and `destroyData` are set.
   * @default events
   */
  readonly name?: string;
  /**
   * The id of the table. A change is a replacement, as for `name`.
   * @default events
   */
  readonly tableId?: string;
  /**
   * The column family of all cells. A change deletes the family before with its cells, which Google refuses while the table is
   * protected.
   * @default event
   */
  readonly family?: string;
  /**
   * The zone of the cluster. A change is a replacement of the whole instance, as for `name`.
   * @default - zone `b` of the region of the site
   */
  readonly zone?: string;
  /**
   * A zone for a second cluster, in the same region or in another one. Bigtable copies all rows there, and requests go to the
   * nearest cluster that answers: a reader may find a row some seconds later. It doubles the cost. A cluster that is added later has
   * no daily backups: they are in the first one. Before you leave it out again, delete the backups that are in its cluster.
   * @default - one cluster
   */
  readonly secondZone?: string;
  /**
   * The fewest nodes of a cluster, from 1. Each costs about 470 USD a month, whether it has work or not.
   * @default 1
   */
  readonly minNodes?: number;
  /**
   * The most nodes of a cluster, up to ten times `minNodes`. It limits the cost. Bigtable adds nodes within minutes.
   * @default 3
   */
  readonly maxNodes?: number;
  /**
   * The CPU load that Bigtable scales to, from 10 to 80 percent. Lower, and a peak finds more room until nodes are added. The alert
   * on the CPU opens 10 percent above it, but not below 80.
   * @default 60
   */
  readonly cpuTargetPercent?: number;
  /**
   * How long a row is kept, from 1 to 36500 days after the time of its event. An event that comes later than that is deleted soon
   * after it was stored. It applies to all rows. Bigtable deletes within a week, and bills until then.
   * @default - rows are kept forever
   */
  readonly retentionDays?: number;
  /**
   * How long a daily backup is kept, from 3 to 90 days. A backup is restored into a new table, also of another instance. It is
   * deleted with its cluster.
   * @default 7
   */
  readonly backupRetentionDays?: number;
  /**
   * The id of a Cloud KMS key in the region of the clusters, which encrypts them. The Bigtable service agent of the project is
   * granted the use of the key. A change is a replacement of the whole instance, as for `name`.
   * @default - a Google-managed key, free of charge
   */
  readonly encryptionKey?: string;
  /**
   * The id of an existing instance in the project to create the table in, such as `plants`. Its clusters, its key and its app
   * profile `default` stay unchanged, and its load is not watched. Several stores in one instance share its cost.
   * @default - a new instance
   */
  readonly instanceId?: string;
  /**
   * The ids of the notification channels that every alert notifies.
   * @default - alerts open an incident without a notification
   */
  readonly notify?: readonly string[];
  /**
   * What happens to the rows when the stack is deleted. With `retain`, `terraform destroy` fails. `destroy` also requires the
   * context `destroyData`, and an apply before the destroy, which lifts the delete protection. The backups are deleted with a new
   * instance. In an existing one, they stay until they expire.
   * @default retain
   */
  readonly removal?: Removal;
}

/**
 * Store stage: a table of Bigtable. It costs about 470 USD a month idle, for one node that is never switched off. Below some
 * terabytes or 10,000 reads and writes a second, use a document database, which costs nothing idle. For analytics, use BigQuery.
 *
 * It is for rows that are read by key within milliseconds, or in the order of their keys, at any rate. The key of a row is
 * `source|time|id|index`: the source of its event, its time in UTC such as `2026-01-31T08:29:59.123456Z`, its id, and the index of
 * the row among the rows of the event. So the prefix `/plants/7|2026-01-31T08` has what a source sent in that hour. A key never
 * starts with a time: all writes would go to one node. For the same reason, one source should send at most some thousand events
 * a second. An event that is sent or delivered twice with the same time is stored once.
 *
 * Each field of a row is a column, and its cell is JSON text: a text has quotes, and a number all its digits. The store adds the
 * columns `eventId`, `eventSource`, `eventTime` and `rowIndex`. The timestamp of a cell is the time of the event. Fields over 10 MiB,
 * and events from before 1970, go to the dead letter.
 *
 * A node stores about 10,000 rows a second, so a million rows cost about 0.02 USD. Storage costs 0.17 USD a gigabyte and month.
 * @see https://cloud.google.com/bigtable/docs/schema-design
 */
export class BigtableStore extends Construct implements TableStore {
  /** The instance with its clusters, if this construct created it. */
  readonly instance?: BigtableInstance;
  /** The id of the instance, new or existing. */
  readonly instanceId: string;
  /** The table that rows are written to. */
  readonly table: BigtableTable;
  /** Which cells Bigtable deletes. */
  readonly garbageCollection: BigtableGcPolicy;
  /** How requests find a cluster, if this construct created the instance. */
  readonly appProfile?: BigtableAppProfile;

  private readonly place: Readonly<Record<'PROJECT' | 'INSTANCE' | 'TABLE' | 'FAMILY' | 'APP_PROFILE', string>>;

  constructor(scope: Construct, id: string, props: BigtableStoreProps) {
    super(scope, id);
    const { site, encryptionKey } = props;
    const { project } = site;
    const settings = bigtableSettings(this, props);
    const { name, tableId, family, notify } = settings;
    const destroy = mayDestroy(this, props.removal);
    if (props.instanceId === undefined) takeName(this, 'Bigtable instance of a site', name, [project, site.prefix]);
    else takeName(this, 'table of an instance', tableId, [project, props.instanceId], 'Set tableId on one of them.');
    needApis(this, 'bigtable', 'bigtableadmin', 'monitoring');

    if (props.instanceId === undefined) {
      const scaling = new ScalingInstance(this, 'Instance', { ...settings, site, encryptionKey, destroy });
      this.instance = scaling.instance;
      this.appProfile = scaling.appProfile;
    }
    this.instanceId = props.instanceId ?? this.instance!.name;
    const { table, garbageCollection } = new RowTable(this, 'Table', {
      ...{ ...settings, project, instanceName: this.instanceId, destroy },
      name: props.instanceId === undefined ? name : `${props.instanceId}-${tableId}`,
      dependsOn: [...site.waitFor],
    });
    this.table = table;
    this.garbageCollection = garbageCollection;
    const profile = this.appProfile?.appProfileId ?? 'default';
    this.place = { PROJECT: project, INSTANCE: this.instanceId, TABLE: table.name, FAMILY: family, APP_PROFILE: profile };
    alertOnFailedRequests(this, { project, instance: this.instanceId, notify }, table.name);
  }

  bindWriter(writer: Workload, name: string): Binding {
    const grant = this.allow(writer, `${name}Writer`, 'roles/bigtable.user');
    acknowledge(grant, { 'least-privilege': WRITER });
    return this.bound(name, grant);
  }

  bindReader(reader: Workload, name: string): Binding {
    return this.bound(name, this.allow(reader, `${name}Reader`, 'roles/bigtable.reader'));
  }

  private bound(name: string, grant: BigtableTableIamMember): Binding {
    const waitFor = [grant, this.garbageCollection, ...(this.appProfile ? [this.appProfile] : [])];
    return { settings: prefixed(name, this.place), waitFor };
  }

  private allow(workload: Workload, id: string, role: string): BigtableTableIamMember {
    const { table, instanceId: instanceName } = this;
    const { PROJECT: project } = this.place;
    const { member, forEach } = workload;
    // The role takes the name of the table, which does not change when the table is replaced. Its grants are gone then.
    const lifecycle = { replaceTriggeredBy: [`${table.terraformResourceType}.${table.friendlyUniqueId}.id`] };
    return new BigtableTableIamMember(workload, id, { project, instanceName, table: table.name, role, member, forEach, lifecycle });
  }
}
