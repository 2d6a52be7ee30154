import type { BigqueryDataset } from '@cdktf/provider-google/lib/bigquery-dataset';
import type { BigqueryTable } from '@cdktf/provider-google/lib/bigquery-table';
import type { ITerraformDependable } from 'cdktf';
import { Construct, type IConstruct } from 'constructs';
import { mayDestroy, type Removal } from '../../../shared/synth/settings';
import type { Binding, Workload } from '../../ports/identity';
import type { Site } from '../../ports/site';
import type { SchemaStore, SharedStore, ViewNames } from '../../ports/stores';
import { allowToRead, allowToWrite, authorize, type Place, placeIn, rowTable, viewOf } from './dataset';
import { type Column, schemaOf, uniqueRows } from './event-table';
import { storeSettings } from './store-settings';

/** Settings for {@link BigQueryStore}. */
export interface BigQueryStoreProps {
  /** The project, the region and the prefix of the store. */
  readonly site: Site;
  /**
   * The end of the name of the dataset: 1 to 40 lower-case letters, digits and underscores, starting with a letter. Each store of
   * a site and of a stack needs its own name. In an existing dataset, it is the id of the table. A change of the name is a
   * replacement, which fails unless `removal: 'destroy'` and `destroyData` are set.
   * @default events
   */
  readonly name?: string;
  /**
   * The id of the table, within its dataset. A change is a replacement, as for `name`.
   * @default - `events`, or `name` in an existing dataset
   */
  readonly tableId?: string;
  /**
   * The id of the view, within its dataset.
   * @default - `unique_` and the id of the table
   */
  readonly viewId?: string;
  /**
   * The columns of a row. Fields of a row without a column go into the column `rest`. Only append columns: a change of a type
   * replaces the table, which fails. BigQuery refuses to remove a column, so its data is kept. With `removal: 'destroy'` the column
   * is removed with its data.
   * @default - `subject` and `data_base64`, which are STRING, and `data`, which is JSON
   */
  readonly columns?: readonly Column[];
  /**
   * How long a row is kept after the day of its event, from 1 to 36500 days.
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
   * granted the use of the key.
   * @default - a Google-managed key, free of charge
   */
  readonly encryptionKey?: string;
  /**
   * The id of an existing dataset in the project to create the table in, such as `plants`. Its region, key and time travel
   * window stay unchanged.
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
 * Store stage: a BigQuery table with a partition for each day, and a view on it without the duplicates of retries.
 *
 * Each query must filter on `event_time`. BigQuery accepts no rows for days that are over 1825 days in the past or 366 days in
 * the future: such events go to the dead letter. Do not use it for look-ups or updates of single rows: use a document database.
 * @see https://cloud.google.com/bigquery/docs/write-api-best-practices
 */
export class BigQueryStore extends Construct implements SchemaStore, SharedStore {
  /** The dataset, if this construct created it. */
  readonly dataset?: BigqueryDataset;
  /** The table that rows are added to. An event that was delivered twice can be in it twice. */
  readonly table: BigqueryTable;
  /** The view to query. It shows each row once. */
  readonly view: BigqueryTable;
  /** The name of the view in a query. */
  readonly viewName: string;
  readonly uniqueRows: string;
  readonly schema: string;
  readonly region: string;

  private readonly place: Place;

  constructor(scope: Construct, id: string, props: BigQueryStoreProps) {
    super(scope, id);
    const { site, retentionDays, datasetId, encryptionKey } = props;
    const { name, columns, undeleteWindowDays, tableId, viewId } = storeSettings(this, props);
    const destroy = mayDestroy(this, props.removal);
    const place = placeIn(this, { site, name, datasetId, encryptionKey, undeleteWindowDays, destroy }, [tableId, viewId]);
    [this.place, this.dataset, this.region] = [place, place.dataset, site.region];
    this.schema = schemaOf(columns);
    this.table = rowTable(this, 'Table', place, {
      tableId,
      description: 'Events as they came, in no order. An event that came twice is in here twice: query the view.',
      schema: this.schema,
      partitionedBy: 'event_time',
      clustering: ['event_source', 'event_type'],
      retentionDays,
    });
    this.uniqueRows = uniqueRows(`${place.project}.${place.datasetId}.${this.table.tableId}`, columns);
    this.view = viewOf(this, 'View', place, {
      viewId,
      description: 'Each event once. Say which days to read: WHERE event_time >= ...',
      query: this.uniqueRows,
    });
    this.viewName = `${place.project}.${place.datasetId}.${this.view.tableId}`;
  }

  bindWriter(writer: Workload, name: string): Binding {
    return { settings: this.settings(name, this.table), waitFor: [allowToWrite(writer, `${name}Writer`, this.place, this.table)] };
  }

  /** The reader also needs `roles/bigquery.jobUser` on the project that is billed for its queries. */
  bindReader(reader: Workload, name: string): Binding {
    const { place, table, view } = this;
    return {
      settings: this.settings(name, view),
      waitFor: [allowToRead(reader, `${name}Reader`, place, table), allowToRead(reader, `${name}ViewReader`, place, view)],
    };
  }

  bindView(holder: IConstruct, name: string, view: ViewNames): ITerraformDependable {
    return authorize(holder, this.place, name, view);
  }

  private settings(name: string, table: BigqueryTable) {
    const { project, datasetId } = this.place;
    return { [`${name}_PROJECT`]: project, [`${name}_DATASET`]: datasetId, [`${name}_TABLE`]: table.tableId };
  }
}
