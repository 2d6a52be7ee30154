import type { BigqueryDataset } from '@cdktf/provider-google/lib/bigquery-dataset';
import type { BigqueryTable } from '@cdktf/provider-google/lib/bigquery-table';
import type { ITerraformDependable } from 'cdktf';
import { Construct, type IConstruct } from 'constructs';
import { mayDestroy, type Removal } from '../../../shared/synth/settings';
import type { DeliveryTarget, DirectStore } from '../../ports/delivery';
import type { Binding, Workload } from '../../ports/identity';
import type { Site } from '../../ports/site';
import type { SharedStore, ViewNames } from '../../ports/stores';
import { type Place, placeIn, rowTable, viewOf } from './dataset';
import { allowToRead, allowToWrite, authorize } from './grants';
import { RAW_COLUMNS, rejectedRows, uniqueEvents } from './raw-table';
import { rawSettings } from './store-settings';

/** Settings for {@link BigQueryRawStore}. */
export interface BigQueryRawStoreProps {
  /** The project, the region and the prefix of the store. */
  readonly site: Site;
  /**
   * The end of the name of the dataset: 1 to 40 lower-case letters, digits and underscores, starting with a letter. Each store of
   * a site and of a stack needs its own name. In an existing dataset, it is the id of the table. A change of the name is a
   * replacement, which fails unless `removal: 'destroy'` and `destroyData` are set.
   * @default raw
   */
  readonly name?: string;
  /**
   * The id of the table, within its dataset. A change is a replacement, as for `name`.
   * @default - `events`, or `name` in an existing dataset
   */
  readonly tableId?: string;
  /**
   * The id of the view of the events, within its dataset. A change is a replacement, as for `name`.
   * @default - `unique_` and the id of the table
   */
  readonly viewId?: string;
  /**
   * The id of the view of all other rows, within its dataset. A change is a replacement, as for `name`.
   * @default - `rejected_` and the id of the table
   */
  readonly rejectedId?: string;
  /**
   * How long a row is kept after the day on which its message was published, from 1 to 36500 days. With fewer days than before, the
   * deploy deletes what is older.
   * @default - for ever
   */
  readonly retentionDays?: number;
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
   * The id of an existing dataset in the project to create the table in, such as `plants`. It must be in the region of the site:
   * Pub/Sub writes into no other. Its key and time travel window stay unchanged. If it has a default expiration of tables
   * or partitions, BigQuery deletes rows after that time: create the table in another one.
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
 * Store stage: a BigQuery table that Pub/Sub itself writes into, with `deliverInto` of the buffer, one row for each message. No code
 * runs, so nothing checks or transforms an event before it is stored.
 *
 * A row is in exactly one of two views. `view` has the columns of the view of a `BigQueryStore`, for rows that are events of the
 * contract, without the duplicates of a day (UTC): an event that was sent again on another day is in it once for each day. `rejected`
 * has all other rows with the reason, such as a missing `id`, or a number that would lose digits in a JSON column. No alert fires for
 * them: a query on `rejected` shows them. The views do not check the form of optional attributes. A message that Pub/Sub cannot write,
 * because it is not UTF-8 or is too large for a row, is in the dead letter of the buffer.
 *
 * Each query must filter on `publish_day` in a view, and on `publish_time` in the table.
 *
 * It costs nothing without events. Delivery is billed by the gigabyte of Pub/Sub, without a fee for the insert, and storage by the
 * gigabyte and month. A query of a view parses the JSON of each row in its days: for columns that are read often, prepare rows with a
 * `ScheduledQuery`, or use a function and a `BigQueryStore` instead. Use these also for an event that becomes several rows, or that
 * needs code. A change of project, region or prefix of the site replaces the table, which fails unless `removal: 'destroy'` and
 * `destroyData` are set.
 * @see https://cloud.google.com/pubsub/docs/bigquery
 */
export class BigQueryRawStore extends Construct implements DirectStore, SharedStore {
  /** The dataset, if this construct created it. */
  readonly dataset?: BigqueryDataset;
  /** The table that Pub/Sub adds rows to. A message that was delivered twice can be in it twice. */
  readonly table: BigqueryTable;
  /** The view of the events. */
  readonly view: BigqueryTable;
  /** The view of the rows that are no events of the contract, with the reason for each. */
  readonly rejected: BigqueryTable;
  /** The name of the view of the events in a query. */
  readonly viewName: string;
  /** The name of the view of rejected rows in a query. */
  readonly rejectedName: string;
  readonly uniqueRows: string;
  readonly protectedColumns: readonly string[] = [];
  readonly region: string;

  private readonly place: Place;

  constructor(scope: Construct, id: string, props: BigQueryRawStoreProps) {
    super(scope, id);
    const { site, retentionDays, datasetId, encryptionKey } = props;
    const { name, undeleteWindowDays, tableId, viewId, rejectedId } = rawSettings(this, props);
    const destroy = mayDestroy(this, props.removal);
    const place = placeIn(this, { site, name, datasetId, encryptionKey, undeleteWindowDays, destroy }, [tableId, viewId, rejectedId]);
    [this.place, this.dataset, this.region] = [place, place.dataset, site.region];
    const nameOf = (table: BigqueryTable) => `${place.project}.${place.datasetId}.${table.tableId}`;
    this.table = rowTable(this, 'Table', place, {
      tableId,
      description: 'Messages as they came, in no order. Query the views: unique events, and rejected rows.',
      schema: JSON.stringify(RAW_COLUMNS),
      partitionedBy: 'publish_time',
      retentionDays,
    });
    this.uniqueRows = uniqueEvents(nameOf(this.table));
    this.view = viewOf(this, 'View', place, {
      viewId,
      description: 'Each event of a day once. Say which days to read: WHERE publish_day >= ...',
      query: this.uniqueRows,
    });
    this.rejected = viewOf(this, 'Rejected', place, {
      viewId: rejectedId,
      description: 'Rows that are no events of the contract, and why. Say which days to read: WHERE publish_day >= ...',
      query: rejectedRows(nameOf(this.table)),
    });
    [this.viewName, this.rejectedName] = [nameOf(this.view), nameOf(this.rejected)];
  }

  bindDelivery(deliverer: Workload): DeliveryTarget {
    const { project, datasetId } = this.place;
    return {
      config: { bigqueryConfig: { table: `${project}.${datasetId}.${this.table.tableId}`, writeMetadata: true } },
      waitFor: [allowToWrite(deliverer, 'RowWriter', this.place, this.table)],
    };
  }

  /**
   * Let `reader` query the events, and nothing else. The reader also needs `roles/bigquery.jobUser` on the project that is billed for
   * its queries.
   */
  bindReader(reader: Workload, name: string): Binding {
    const { place, table, view } = this;
    return {
      settings: { [`${name}_PROJECT`]: place.project, [`${name}_DATASET`]: place.datasetId, [`${name}_TABLE`]: view.tableId },
      waitFor: [allowToRead(reader, `${name}Reader`, place, table), allowToRead(reader, `${name}ViewReader`, place, view)],
    };
  }

  bindView(holder: IConstruct, name: string, view: ViewNames): ITerraformDependable {
    return authorize(holder, this.place, name, view);
  }
}
