import type { BigqueryDataset } from '@cdktf/provider-google/lib/bigquery-dataset';
import type { BigqueryTable } from '@cdktf/provider-google/lib/bigquery-table';
import type { ITerraformDependable } from 'cdktf';
import { Construct, type IConstruct } from 'constructs';
import { mayDestroy, type Removal } from '../../../shared/synth/settings';
import type { Binding, Workload } from '../../ports/identity';
import type { Site } from '../../ports/site';
import type { SchemaStore, SharedStore, ViewNames } from '../../ports/stores';
import { type Place, placeIn, rowTable, viewOf } from './dataset';
import { type Column, schemaOf, uniqueRows } from './event-table';
import { allowToRead, allowToWrite, authorize } from './grants';
import { AllColumns, allowMasked, isHidden, isProtected } from './protected-columns';
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
   * The id of the view, within its dataset. A change is a replacement, as for `name`.
   * @default - `unique_` and the id of the table
   */
  readonly viewId?: string;
  /**
   * The id of the view without protected columns, within its dataset. It is there only while a policy tag without masking protects a
   * column. A change replaces the view, and readers need its new name.
   * @default - `open_` and the id of the table
   */
  readonly openViewId?: string;
  /**
   * The columns of a row, also of type RECORD with columns within them. Fields of a row without a column go into the column `rest`. Only
   * append columns: a change of a type or a mode replaces the table, which fails. BigQuery refuses to remove a column, so its data is
   * kept. With `removal: 'destroy'` the column is removed with its data. A column with a `policyTag` is for some readers only.
   * @default - `subject` and `data_base64`, which are STRING, and `data`, which is JSON
   */
  readonly columns?: readonly Column[];
  /**
   * How long a row is kept after the day of its event, from 1 to 36500 days. With fewer days than before, the deploy deletes what is
   * older. An event that is older when it comes is stored and deleted at once.
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
 * Store stage: a BigQuery table with a partition for each day, and a view on it without the duplicates of retries.
 *
 * Each query must filter on `event_time`. BigQuery accepts no rows for days that are over 1825 days in the past or 366 days in
 * the future: such events go to the dead letter. Do not use it for look-ups or updates of single rows: use a document database.
 *
 * A column with a policy tag is for readers of the tag: see `PolicyTags`. Others are refused a query that reads it, such as `SELECT *`, or
 * see what masking shows. So `bindReader` gives them `openView`, which leaves out each column that no masking covers. If a column within a
 * RECORD is protected without masking, the whole RECORD is left out: keep such a value in a column of its own. A workload that must see every
 * value reads `allColumns`. Whoever adds rows needs no right on a tag.
 * @see https://cloud.google.com/bigquery/docs/write-api-best-practices
 */
export class BigQueryStore extends Construct implements SchemaStore, SharedStore {
  /** The dataset, if this construct created it. */
  readonly dataset?: BigqueryDataset;
  /** The table that rows are added to. An event that was delivered twice can be in it twice. */
  readonly table: BigqueryTable;
  /** The view to query. It shows each row once, with all columns. */
  readonly view: BigqueryTable;
  /** The name of the view in a query. */
  readonly viewName: string;
  /** The view without protected columns, if a policy tag without masking protects a column. Otherwise, it is `view`. */
  readonly openView: BigqueryTable;
  /** The name of the view without protected columns in a query. */
  readonly openViewName: string;
  /** The store with its protected columns, for a workload that must see their values: it is made a reader of each policy tag. */
  readonly allColumns: AllColumns;
  readonly protectedColumns: readonly string[];
  readonly uniqueRows: string;
  readonly schema: string;
  readonly region: string;

  private readonly place: Place;
  private readonly openColumns: readonly Column[];

  constructor(scope: Construct, id: string, props: BigQueryStoreProps) {
    super(scope, id);
    const { site, retentionDays, datasetId, encryptionKey } = props;
    const { name, columns, undeleteWindowDays, tableId, viewId, openViewId } = storeSettings(this, props);
    const destroy = mayDestroy(this, props.removal);
    const open = columns.filter((column) => !isHidden(column));
    const views = open.length < columns.length ? [viewId, openViewId] : [viewId];
    const place = placeIn(this, { site, name, datasetId, encryptionKey, undeleteWindowDays, destroy }, [tableId, ...views]);
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
    const nameOf = (table: BigqueryTable) => `${place.project}.${place.datasetId}.${table.tableId}`;
    const rows = (some: readonly Column[]) => uniqueRows(nameOf(this.table), some);
    this.view = viewOf(this, 'View', place, {
      viewId,
      description: 'Each event once. Say which days to read: WHERE event_time >= ...',
      query: rows(columns),
    });
    this.openView =
      open.length === columns.length
        ? this.view
        : viewOf(this, 'OpenView', place, {
            viewId: openViewId,
            description: 'Each event once, without columns that are for some readers only. Say which days to read: WHERE event_time >= ...',
            query: rows(open),
            // It is not needed any more when the last such column loses its tag, or its tag gets masking.
            mayEnd: true,
          });
    [this.viewName, this.openViewName] = [nameOf(this.view), nameOf(this.openView)];
    this.protectedColumns = columns.filter(isProtected).map((column) => column.name);
    this.uniqueRows = rows(columns.filter((column) => !isProtected(column)));
    this.openColumns = open;
    this.allColumns = new AllColumns(this, 'AllColumns', columns, (reader, binding) => this.readFrom(this.view, reader, binding));
  }

  bindWriter(writer: Workload, name: string): Binding {
    return { settings: this.settings(name, this.table), waitFor: [allowToWrite(writer, `${name}Writer`, this.place, this.table)] };
  }

  /**
   * Let `reader` query rows, and nothing else: of protected columns it sees what masking shows, and no column without masking. The reader
   * also needs `roles/bigquery.jobUser` on the project that is billed for its queries.
   */
  bindReader(reader: Workload, name: string): Binding {
    const { settings, waitFor } = this.readFrom(this.openView, reader, name);
    return { settings, waitFor: [...waitFor, ...allowMasked(reader, this.openColumns)] };
  }

  bindView(holder: IConstruct, name: string, view: ViewNames): ITerraformDependable {
    return authorize(holder, this.place, name, view);
  }

  private readFrom(view: BigqueryTable, reader: Workload, name: string): Binding {
    const { place, table } = this;
    return {
      settings: this.settings(name, view),
      waitFor: [allowToRead(reader, `${name}Reader`, place, table), allowToRead(reader, `${name}ViewReader`, place, view)],
    };
  }

  private settings(name: string, table: BigqueryTable) {
    const { project, datasetId } = this.place;
    return { [`${name}_PROJECT`]: project, [`${name}_DATASET`]: datasetId, [`${name}_TABLE`]: table.tableId };
  }
}
