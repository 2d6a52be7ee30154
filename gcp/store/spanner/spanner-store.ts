import type { SpannerDatabase } from '@cdktf/provider-google/lib/spanner-database';
import type { SpannerInstance } from '@cdktf/provider-google/lib/spanner-instance';
import { Construct } from 'constructs';
import { takeName } from '../../../shared/synth/kept-name';
import { prefixed } from '../../../shared/synth/prefixed';
import { mayDestroy, type Removal } from '../../../shared/synth/settings';
import { needApis } from '../../foundation/apis';
import { allowEncrypt } from '../../foundation/encryption';
import type { Binding, Workload } from '../../ports/identity';
import type { Site } from '../../ports/site';
import type { TableStore } from '../../ports/stores';
import { allowRole } from './database-role';
import { type Change, columnsOf, rolesOf, statementsOf } from './row-table';
import { databaseOf } from './spanner-database';
import { instanceOf } from './spanner-instance';
import { type Edition, spannerSettings } from './spanner-settings';
import { alertOnFailedRequests } from './store-alerts';

/** Settings for {@link SpannerStore}. */
export interface SpannerStoreProps {
  /** The project, the region and the prefix of the store. */
  readonly site: Site;
  /**
   * The end of the id of the instance, and the id of the database: 3 to 18 lower-case letters and digits, a letter first. Each
   * store of a site and of a stack needs its own name. A change is a replacement, which fails unless both keys of `removal` are set.
   * @default events
   */
  readonly name?: string;
  /**
   * Where the rows are stored: a region, or a multi-region such as `eur3`, with the edition `ENTERPRISE_PLUS`. A change is a
   * replacement, as for `name`.
   * @default - the region of the site
   */
  readonly location?: string;
  /**
   * What the instance can do: `STANDARD`, `ENTERPRISE` with autoscaling, or `ENTERPRISE_PLUS` with multi-regions. Each costs about
   * 40 % more than the one before. It is changed in place.
   * @default STANDARD
   */
  readonly edition?: Edition;
  /**
   * The capacity: hundreds up to 1000, and thousands above. 100 store up to 1 TB. It is changed in place.
   * @default 100
   */
  readonly processingUnits?: number;
  /**
   * How far Spanner may add capacity by itself, in thousands: up to ten times `processingUnits`, which must be 1000 at least. It
   * needs the edition `ENTERPRISE`.
   * @default - no autoscaling
   */
  readonly maxProcessingUnits?: number;
  /**
   * The table of the rows. A change is a replacement, as for `name`.
   * @default events
   */
  readonly table?: string;
  /**
   * The columns of a row, and statements such as `CREATE INDEX`, in the order in which they came. Fields of a row without a column
   * go into the column `rest`. Only append: any other change is a replacement, as for `name`. Do not set `version_retention_period`
   * in a statement, because the next apply sets it back: that is `versionRetentionDays`.
   * @default - `subject` and `data_base64`, which are STRING, and `data`, which is JSON
   */
  readonly schema?: readonly Change[];
  /**
   * How long a row is kept after its event arrived, from 1 to 36500 days. Spanner deletes it within three days then. It applies to
   * rows that are added from then on.
   * @default - rows are kept forever
   */
  readonly retentionDays?: number;
  /**
   * How long rows can be read and restored as they were at any moment, from 1 to 7 days. The versions are billed as storage.
   * @default 7
   */
  readonly versionRetentionDays?: number;
  /**
   * How long a daily backup is kept, from 1 to 366 days. It is restored into a new database.
   * @default 7
   */
  readonly backupRetentionDays?: number;
  /**
   * The id of a Cloud KMS key in the location of the instance, which encrypts the database and its backups. The Spanner service
   * agent of the project is granted the use of the key. A change is a replacement, as for `name`.
   * @default - a Google-managed key, free of charge
   */
  readonly encryptionKey?: string;
  /**
   * The id of an existing instance in the project. Its location, capacity and alerts stay unchanged.
   * @default - a new instance
   */
  readonly instanceId?: string;
  /**
   * The id of an existing database in the instance `instanceId`, in which you have run the `statements` of this store. Its key,
   * versions and backups stay unchanged.
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
   * context `destroyData`, and an apply before the destroy, which lifts the protection. The backups are deleted with a new instance.
   * In an existing one, they stay until they expire, and Google deletes no instance that has backups.
   * @default retain
   */
  readonly removal?: Removal;
}

/**
 * Store stage: a table in Spanner, for rows that are read and changed in transactions, in one region or in several.
 *
 * Idle it costs about 66 USD a month for 100 processing units, which are billed also if nobody reads or writes, and never less. A
 * million rows of 2 kB add about 0.60 USD of storage a month, and requests are free. 100 processing units take a few hundred rows
 * a second.
 *
 * Each row has the key of its event (`event_source`, `event_id`, `row_index`), so an event that is sent or delivered twice is stored
 * once: the first rows of a key stay. All rows of an event are stored by one commit. A source that counts its ids up writes to
 * one server: give its events random ids. A value that does not fit its column sends its event to the dead letter.
 *
 * The writer may insert rows and the reader may read them, by a role of the database (fine-grained access control). A deploy that
 * would replace the database fails. Backups have no metric: restore one into another database now and then. Functions of SQL that
 * take a time zone use that of Los Angeles if a query names none.
 *
 * Do not use it for rows that are only looked up by one field: `FirestoreStore` costs next to nothing idle. Nor for analytics: use
 * `BigQueryStore`.
 * @see https://cloud.google.com/spanner/docs/schema-and-data-model
 */
export class SpannerStore extends Construct implements TableStore {
  /** The instance, if this construct created it. */
  readonly instance?: SpannerInstance;
  /** The database, if this construct created it. */
  readonly database?: SpannerDatabase;
  /** The id of the instance, new or existing. */
  readonly instanceId: string;
  /** The id of the database, new or existing. */
  readonly databaseId: string;
  /** The statements of DDL that create the table and its roles. In an existing database, run them before the first deploy. */
  readonly statements: readonly string[];

  private readonly place: Readonly<Record<'PROJECT' | 'INSTANCE' | 'DATABASE' | 'TABLE', string>>;
  private readonly written: Readonly<Record<'COLUMNS' | 'RETENTION_SECONDS', string>>;

  constructor(scope: Construct, id: string, props: SpannerStoreProps) {
    super(scope, id);
    const { site, encryptionKey: cryptoKeyId, instanceId, databaseId } = props;
    const { project } = site;
    const { name, table, schema, notify, ...settings } = spannerSettings(this, props);
    const destroy = mayDestroy(this, props.removal);
    if (instanceId === undefined) takeName(this, 'Spanner instance of a site', name, [project, site.prefix]);
    else if (databaseId === undefined) takeName(this, 'database of an instance', name, [project, instanceId]);
    else takeName(this, 'table of a database', table, [project, instanceId, databaseId], 'Set table on one of them.');
    needApis(this, 'spanner', 'monitoring');
    this.statements = statementsOf(table, schema);

    if (instanceId === undefined) this.instance = instanceOf(this, { ...settings, site, name, destroy, notify });
    this.instanceId = instanceId ?? this.instance!.name;
    const place = { project, instance: this.instanceId };
    const address = instanceId === undefined ? name : `${instanceId}-${name}`;
    if (databaseId === undefined) {
      const dependsOn = [...site.waitFor, ...allowEncrypt(this, { site, cryptoKeyId, services: ['spanner'] })];
      this.database = databaseOf(this, {
        ...settings,
        ...place,
        name,
        address,
        cryptoKeyId,
        statements: this.statements,
        destroy,
        dependsOn,
      });
    }
    this.databaseId = databaseId ?? this.database!.name;
    this.place = { PROJECT: project, INSTANCE: this.instanceId, DATABASE: this.databaseId, TABLE: table };
    this.written = { COLUMNS: columnsOf(schema), RETENTION_SECONDS: String(settings.retentionSeconds) };
    alertOnFailedRequests(this, { ...place, database: this.databaseId, notify });
  }

  bindWriter(writer: Workload, name: string): Binding {
    const { writer: role } = rolesOf(this.place.TABLE);
    return {
      settings: prefixed(name, { ...this.place, ROLE: role, ...this.written }),
      waitFor: this.allow(writer, `${name}Writer`, role),
    };
  }

  /** The reader opens its session with the role of the database in the setting `ROLE`. */
  bindReader(reader: Workload, name: string): Binding {
    const { reader: role } = rolesOf(this.place.TABLE);
    return { settings: prefixed(name, { ...this.place, ROLE: role }), waitFor: this.allow(reader, `${name}Reader`, role) };
  }

  private allow(workload: Workload, id: string, role: string) {
    const { PROJECT: project, INSTANCE: instance, DATABASE: database } = this.place;
    return allowRole(workload, id, { project, instance, database, made: this.database, role });
  }
}
