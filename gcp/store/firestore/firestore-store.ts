import { FirestoreBackupSchedule } from '@cdktf/provider-google/lib/firestore-backup-schedule';
import { FirestoreDatabase } from '@cdktf/provider-google/lib/firestore-database';
import { Construct } from 'constructs';
import { acknowledge } from '../../../shared/synth/acknowledge';
import { keepAddress, takeName } from '../../../shared/synth/kept-name';
import { prefixed } from '../../../shared/synth/prefixed';
import { mayDestroy, type Removal } from '../../../shared/synth/settings';
import { needApis } from '../../foundation/apis';
import { allowEncrypt } from '../../foundation/encryption';
import type { Binding, Workload } from '../../ports/identity';
import type { Site } from '../../ports/site';
import type { TableStore } from '../../ports/stores';
import { allowAccess } from './database-access';
import { firestoreSettings, type Mode } from './firestore-settings';
import { alertOnFailedRequests } from './request-alert';
import { RowIndexes } from './row-indexes';

const WRITER =
  'Google has no predefined role that only adds documents. This role can also read, change and delete documents of this database. If ' +
  'a writer must not, grant a custom role with datastore.entities.create under the same condition.';

/** Settings for {@link FirestoreStore}. */
export interface FirestoreStoreProps {
  /** The project, the region and the prefix of the store. */
  readonly site: Site;
  /**
   * The end of the id of the database: 1 to 20 lower-case letters and digits. Each store of a site and of a stack needs its own
   * name. A change of the name is a replacement, which fails unless `removal: 'destroy'` and `destroyData` are set.
   * @default events
   */
  readonly name?: string;
  /**
   * The API of the database: `native` has documents in collections, real-time listeners and client libraries for apps. `datastore`
   * has entities of a kind, as Cloud Datastore had, and is for programs that use its API. Google refuses to change it once the
   * database has data. Both cost the same.
   * @default native
   */
  readonly mode?: Mode;
  /**
   * The collection of the rows, or their kind in Datastore mode. Rows that are stored stay in the collection before. Nothing else must
   * use it: in native mode its automatic indexes end, and queries that need them fail.
   * @default events
   */
  readonly collection?: string;
  /**
   * The field of a row by which rows are looked up, such as `subject`: a text of up to 1500 bytes. Rows without it are stored, and
   * not found by it. In native mode they are found in the order of their time, and each value takes up to 500 rows a second. A change
   * builds other indexes, which takes minutes to hours: queries by the new field fail until then. In Datastore mode only rows that
   * are added from then on are found by it.
   * @default source
   */
  readonly lookUpBy?: string;
  /**
   * How long a row is kept after its event arrived, from 1 to 36500 days. Firestore deletes it within a day then, and bills the
   * deletion. It applies to rows that are added from then on.
   * @default - rows are kept forever
   */
  readonly retentionDays?: number;
  /**
   * Where the rows are stored: a region, or a multi-region such as `eur3`. A change is a replacement, as for `name`.
   * @default - the region of the site
   */
  readonly location?: string;
  /**
   * Whether the database can be read and restored as it was at any minute of the last 7 days, instead of the last hour. The versions
   * are billed as storage.
   * @default true
   */
  readonly pointInTimeRecovery?: boolean;
  /**
   * How long a daily backup is kept, from 1 to 98 days. A backup outlives its database. It is restored into a new database.
   * @default 7
   */
  readonly backupRetentionDays?: number;
  /**
   * The id of a Cloud KMS key in the location of the database, which encrypts it: of `eur3` that is `europe`, and of `nam5` it is
   * `us`. The Firestore service agent of the project is granted the use of the key. A change is a replacement, as for `name`.
   * @default - a Google-managed key, free of charge
   */
  readonly encryptionKey?: string;
  /**
   * The id of an existing database in the project, such as `plants` or `(default)`. It must have the mode that `mode` says. Its
   * location, key, recovery and backups stay unchanged.
   * @default - a new database
   */
  readonly databaseId?: string;
  /**
   * The ids of the notification channels that every alert notifies.
   * @default - alerts open an incident without a notification
   */
  readonly notify?: readonly string[];
  /**
   * What happens to the rows when the stack is deleted. With `retain`, `terraform destroy` fails. `destroy` also requires the
   * context `destroyData`, and an apply before the destroy, which lifts the delete protection.
   * @default retain
   */
  readonly removal?: Removal;
}

/**
 * Store stage: a Firestore database, in native mode or in Datastore mode, for rows that are looked up within milliseconds. Cloud
 * Datastore became Firestore in Datastore mode.
 *
 * Each row has the key of its event, so an event that is sent or delivered twice is stored once: the first row of a key stays. A row
 * is one document: its fields, and `eventId`, `eventSource`, `eventTime` and `rowIndex`, which belong to the store. Its id is the
 * SHA-256 of `source|id` and the index of the row: `printf '%s' '/plants/7|42' | sha256sum` finds it. Only `lookUpBy` is indexed.
 *
 * Rows over 1 MiB, lists in lists and numbers beyond 64 bits go to the dead letter: change them in the transform. Do not use it for
 * analytics: use BigQuery. Roles are for the whole database, so give each store its own. Server clients are not subject to security
 * rules, and without any, apps get no access.
 *
 * Idle it costs 0.15 USD a gigabyte and month, recovery and backups less than that again. A million rows cost about 1 USD to write,
 * and a million look-ups 0.30 USD. Recovery and backups have no metric: restore one into another database now and then.
 * @see https://cloud.google.com/firestore/docs/manage-databases
 */
export class FirestoreStore extends Construct implements TableStore {
  /** The database, if this construct created it. */
  readonly database?: FirestoreDatabase;
  /** The id of the database, new or existing. */
  readonly databaseId: string;
  /** The indexes of the rows. */
  readonly indexes: RowIndexes;

  private readonly project: string;
  private readonly place: Readonly<Record<'MODE' | 'COLLECTION' | 'LOOK_UP_BY', string>>;
  private readonly retentionSeconds: number;

  constructor(scope: Construct, id: string, props: FirestoreStoreProps) {
    super(scope, id);
    const { site, encryptionKey: cryptoKeyId } = props;
    const { project } = site;
    const { name, mode, collection, lookUpBy, retentionSeconds, notify, ...settings } = firestoreSettings(this, props);
    const destroy = mayDestroy(this, props.removal);
    if (props.databaseId === undefined) takeName(this, 'Firestore database of a site', name, [project, site.prefix]);
    else takeName(this, 'collection of a database', collection, [project, props.databaseId], 'Set collection on one of them.');
    needApis(this, 'firestore', 'datastore', 'monitoring');
    this.project = project;
    this.place = { MODE: mode, COLLECTION: collection, LOOK_UP_BY: lookUpBy };
    this.retentionSeconds = retentionSeconds;

    if (props.databaseId === undefined) {
      this.database = new FirestoreDatabase(this, 'Database', {
        project,
        name: `${site.prefix}-${name}`,
        locationId: settings.location,
        type: mode === 'native' ? 'FIRESTORE_NATIVE' : 'DATASTORE_MODE',
        databaseEdition: 'STANDARD',
        appEngineIntegrationMode: 'DISABLED',
        pointInTimeRecoveryEnablement: `POINT_IN_TIME_RECOVERY_${settings.pointInTimeRecovery ? 'ENABLED' : 'DISABLED'}`,
        deleteProtectionState: `DELETE_PROTECTION_${destroy ? 'DISABLED' : 'ENABLED'}`,
        // Without it, a destroy leaves the database, and the next apply fails because it exists.
        deletionPolicy: 'DELETE',
        cmekConfig: cryptoKeyId ? { kmsKeyName: cryptoKeyId } : undefined,
        dependsOn: [...site.waitFor, ...allowEncrypt(this, { site, cryptoKeyId, services: ['firestore'] })],
        lifecycle: destroy ? undefined : { preventDestroy: true },
      });
      keepAddress(this.database, name);
      const backups = new FirestoreBackupSchedule(this, 'Backups', {
        project,
        database: this.database.name,
        dailyRecurrence: {},
        retention: `${settings.backupRetentionDays * 24 * 3600}s`,
      });
      keepAddress(backups, name);
    }
    this.databaseId = props.databaseId ?? this.database!.name;
    this.indexes = new RowIndexes(this, 'Indexes', {
      ...{ project, database: this.databaseId, mode, collection, lookUpBy, expire: retentionSeconds > 0 },
      name: props.databaseId === undefined ? name : `${props.databaseId}-${collection}`,
      dependsOn: [...site.waitFor],
    });
    alertOnFailedRequests(this, { project, database: this.databaseId, notify });
  }

  bindWriter(writer: Workload, name: string): Binding {
    const grant = this.allow(writer, `${name}Writer`, 'roles/datastore.user');
    acknowledge(grant, { 'least-privilege': WRITER });
    const settings = { ...this.settings(name), [`${name}_RETENTION_SECONDS`]: String(this.retentionSeconds) };
    return { settings, waitFor: [grant] };
  }

  bindReader(reader: Workload, name: string): Binding {
    return { settings: this.settings(name), waitFor: [this.allow(reader, `${name}Reader`, 'roles/datastore.viewer')] };
  }

  private settings(name: string) {
    return prefixed(name, { PROJECT: this.project, DATABASE: this.databaseId, ...this.place });
  }

  private allow(workload: Workload, id: string, role: string) {
    return allowAccess(workload, id, { project: this.project, database: this.databaseId, role });
  }
}
