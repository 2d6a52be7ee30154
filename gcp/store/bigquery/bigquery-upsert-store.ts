import type { BigqueryDataset } from '@cdktf/provider-google/lib/bigquery-dataset';
import type { BigqueryTable } from '@cdktf/provider-google/lib/bigquery-table';
import type { ITerraformDependable } from 'cdktf';
import { Construct, type IConstruct } from 'constructs';
import { prefixed } from '../../../shared/synth/prefixed';
import { mayDestroy, type Removal, SettingError } from '../../../shared/synth/settings';
import type { DeliveryTarget, DirectStore } from '../../ports/delivery';
import type { Binding, Workload } from '../../ports/identity';
import type { Site } from '../../ports/site';
import type { SharedStore, TableStore, ViewNames } from '../../ports/stores';
import { type Place, placeIn, rowTable } from './dataset';
import type { Column } from './event-table';
import { allowToRead, allowToWrite, authorize } from './grants';
import { latestRows, upsertSchema, upsertSettings } from './upsert-table';

/** Settings for {@link BigQueryUpsertStore}. */
export interface BigQueryUpsertStoreProps {
  /** The project, the region and the prefix of the store. */
  readonly site: Site;
  /**
   * The end of the name of the dataset: 1 to 40 lower-case letters, digits and underscores, starting with a letter. Each store of
   * a site and of a stack needs its own name. In an existing dataset, it is the id of the table. A change of the name is a
   * replacement, which fails unless `removal: 'destroy'` and `destroyData` are set.
   * @default latest
   */
  readonly name?: string;
  /**
   * The columns of a row. Fields of a row without a column go into the column `rest`. Only append columns: a change of a type
   * replaces the table, which fails. BigQuery refuses to remove a column, so its data is kept. With `removal: 'destroy'` the column
   * is removed with its data.
   * @default - `subject` and `data_base64`, which are STRING, and `data`, which is JSON
   */
  readonly columns?: readonly Column[];
  /**
   * The columns of the primary key: the table has one row for each of their values. 1 to 16 of `columns` and of the event columns, such
   * as `['event_source', 'event_type']` for the last event of each type of each device. A row without a value for one of them goes to
   * the dead letter. An event without a subject is about its source: its `subject` is the empty text. Do not change the key: rows that
   * are stored are not merged by another one. Make another store and send the events again.
   * @default - `event_source` and `subject`
   */
  readonly key?: readonly string[];
  /**
   * How old the rows that a query reads may be, from 15 to 1440 minutes. BigQuery applies changes in the background at least that
   * often, and is billed for it each time: a longer time costs less. Where it takes longer, queries apply the rest themselves.
   * @default 15
   */
  readonly maxStalenessMinutes?: number;
  /**
   * How long a changed or deleted row can be restored with time travel, from 2 to 7 days.
   * @default 7
   */
  readonly undeleteWindowDays?: number;
  /**
   * The id of a Cloud KMS key in the region of the site, which encrypts the rows. The BigQuery service agent of the project is
   * granted the use of the key. A change, also from no key to one, is a replacement of the table, as for `name`. If the project has a
   * default key, set that one.
   * @default - a Google-managed key, free of charge
   */
  readonly encryptionKey?: string;
  /**
   * The id of an existing dataset in the project to create the table in, such as `plants`. Its region, key and time travel
   * window stay unchanged. If it has a default expiration of tables or partitions, BigQuery deletes rows after that time: create the
   * table in another one.
   * @default - a new dataset
   */
  readonly datasetId?: string;
  /**
   * What happens to the rows when the stack is deleted. With `retain`, `terraform destroy` fails. `destroy` also requires the
   * context `destroyData`.
   * @default retain
   */
  readonly removal?: Removal;
}

/**
 * Store stage: a BigQuery table with the latest row of each key, such as one row for each device or customer. A row replaces the one
 * with the same key as a whole: columns that it does not have become NULL.
 *
 * The row of the latest event stays, by the time of the event, whatever the order in which events come. Of events with the same time,
 * the one that was published later stays. An event that is more than a day ahead of its message goes to the dead letter: it would hide
 * all others until then. A transform deletes a row by a row with its key and `_CHANGE_TYPE: 'DELETE'`:
 * `{ subject: event.subject, _CHANGE_TYPE: 'DELETE' }`. Whoever sends an event does not decide that: if `_CHANGE_TYPE` is in the row and
 * in `data`, the event goes to the dead letter. Of what a transform decodes itself, such as `data_base64`, it names the fields that it
 * copies. BigQuery remembers a deleted key for two days, so an older event that comes later than that is stored. Time
 * travel keeps deleted rows for `undeleteWindowDays`, and BigQuery for 7 days more.
 *
 * Write into the table only with its handlers, `pub-sub-to-bigquery-upsert`: BigQuery does not enforce the key, so rows of another
 * writer would be in it twice, and it refuses UPDATE, DELETE and MERGE. Queries read rows that are up to `maxStalenessMinutes` old.
 * Where changes are not applied yet, BigQuery refuses copies, clones, snapshots and reads by the Storage Read API, which Spark uses. Do
 * not use it if history matters: use a `BigQueryStore`, or both. For look-ups of single rows within milliseconds use a document database.
 *
 * Idle it costs only storage. A million events of 1 kB cost 0.02 USD to write. BigQuery bills the queries that apply the changes by what
 * they read: with changes in each interval, up to the size of the table, 96 times a day by default. A `BACKGROUND` assignment of a
 * reservation caps this. A change of project, region or prefix of the site replaces the table, which fails unless `removal: 'destroy'`
 * and `destroyData` are set.
 * @see https://cloud.google.com/bigquery/docs/change-data-capture
 */
export class BigQueryUpsertStore extends Construct implements TableStore, SharedStore, DirectStore {
  /** The dataset, if this construct created it. */
  readonly dataset?: BigqueryDataset;
  /** The table, with one row for each key. */
  readonly table: BigqueryTable;
  /** The name of the table in a query. */
  readonly tableName: string;
  /**
   * A query of the time up to which changes are applied in the background: `upsert_stream_apply_watermark`. It stands still if BigQuery
   * has no slots for it. Queries of the table stay right then, and cost more.
   */
  readonly freshness: string;
  readonly uniqueRows: string;
  readonly protectedColumns: readonly string[] = [];
  readonly region: string;

  private readonly place: Place;
  private readonly key: readonly string[];

  constructor(scope: Construct, id: string, props: BigQueryUpsertStoreProps) {
    super(scope, id);
    const { site, datasetId, encryptionKey } = props;
    const { name, columns, key, clustering, maxStalenessMinutes, undeleteWindowDays, tableId } = upsertSettings(this, props);
    const destroy = mayDestroy(this, props.removal);
    const place = placeIn(this, { site, name, datasetId, encryptionKey, undeleteWindowDays, destroy }, [tableId]);
    [this.place, this.dataset, this.region, this.key] = [place, place.dataset, site.region, key];
    this.table = rowTable(this, 'Table', place, {
      tableId,
      description: `One row for each ${key.join(' and ')}: the latest. Only handlers write it: BigQuery does not enforce the key.`,
      schema: upsertSchema(columns, key),
      clustering,
      key,
      maxStalenessMinutes,
    });
    this.tableName = `${place.project}.${place.datasetId}.${this.table.tableId}`;
    this.freshness = [
      `SELECT upsert_stream_apply_watermark FROM \`${place.project}.${place.datasetId}.INFORMATION_SCHEMA.TABLES\``,
      `WHERE table_name = "${this.table.tableId}"`,
    ].join(' ');
    this.uniqueRows = latestRows(this.tableName, columns);
  }

  /** Only a handler that upserts can write: the setting of the table has another name than that of other stores. */
  bindWriter(writer: Workload, name: string): Binding {
    const { project: PROJECT, datasetId: DATASET } = this.place;
    const settings = { PROJECT, DATASET, UPSERT_TABLE: this.table.tableId, KEY: this.key.join(',') };
    return { settings: prefixed(name, settings), waitFor: [allowToWrite(writer, `${name}Writer`, this.place, this.table)] };
  }

  /** The reader also needs `roles/bigquery.jobUser` on the project that is billed for its queries. */
  bindReader(reader: Workload, name: string): Binding {
    const { project: PROJECT, datasetId: DATASET } = this.place;
    const settings = { PROJECT, DATASET, TABLE: this.table.tableId };
    return { settings: prefixed(name, settings), waitFor: [allowToRead(reader, `${name}Reader`, this.place, this.table)] };
  }

  bindView(holder: IConstruct, name: string, view: ViewNames): ITerraformDependable {
    return authorize(holder, this.place, name, view);
  }

  /**
   * Pub/Sub adds a row for each message, so it would add rows of the same key.
   * @throws SettingError always
   */
  bindDelivery(_deliverer: Workload): DeliveryTarget {
    const remedy = 'Deliver into a BigQueryRawStore, or write into this store with the handler pub-sub-to-bigquery-upsert.';
    throw new SettingError(this, 'deliverInto must get a store that keeps each message', 'a store of the latest rows', remedy);
  }
}
