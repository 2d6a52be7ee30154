import { Aws, Names, Stack } from 'aws-cdk-lib';
import { CfnDatabase, CfnTable } from 'aws-cdk-lib/aws-glue';
import { Grant } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { requireNumber, requireOneOf, requireResource, requireText, SettingError } from '../../../shared/synth/settings';
import { allow } from '../../foundation/grants';
import type { DeliveryTable, DeliveryTarget, DirectStore } from '../../ports/delivery';
import type { Binding, Workload } from '../../ports/identity';
import type { BucketStore, CatalogTable } from '../../ports/stores';
import { CLOUD_EVENT, NAME, OF_TIME, projectionOf, requireShape, type Shape, viewText, YEARS } from './catalog-settings';

const PARQUET = 'org.apache.hadoop.hive.ql.io.parquet';
const JSON_FORMAT = {
  inputFormat: 'org.apache.hadoop.mapred.TextInputFormat',
  outputFormat: 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat',
  serdeInfo: {
    serializationLibrary: 'org.openx.data.jsonserde.JsonSerDe',
    // A line that is no JSON becomes a row of nulls, and does not fail the query. Names in JSON text keep their case.
    parameters: { 'ignore.malformed.json': 'true', 'case.insensitive': 'false' },
  },
};
const PARQUET_FORMAT = {
  inputFormat: `${PARQUET}.MapredParquetInputFormat`,
  outputFormat: `${PARQUET}.MapredParquetOutputFormat`,
  serdeInfo: { serializationLibrary: `${PARQUET}.serde.ParquetHiveSerDe`, parameters: {} },
};

/** Settings for {@link GlueCatalog}. */
export interface GlueCatalogProps {
  /** The store of the objects: an `S3Store`. Its prefix is the location of the table. */
  readonly store: BucketStore & DirectStore;
  /** The first year of the data. A query finds no event that arrived before it. */
  readonly firstYear: number;
  /**
   * The last year of the data. A query finds no event that arrived later, without an error.
   * @default - 20 years after `firstYear`
   */
  readonly lastYear?: number;
  /**
   * The format of the objects. `ndjson` is what handlers store, and Firehose without a table. `parquet` is smaller and faster to
   * query: deliver to this catalog with `FirehoseDelivery`, which then converts records.
   * @default ndjson
   */
  readonly format?: 'ndjson' | 'parquet';
  /**
   * The name of the table. A change creates another table over the same objects.
   * @default events
   */
  readonly table?: string;
  /**
   * The columns, each with its type: `string`, `bigint`, `double` or `boolean`. Names are lower case, as the transform must return
   * them. A number in a `string` column keeps all its digits.
   * @default - the attributes of CloudEvents, each as `string`; `data` is JSON text: `json_extract_scalar(data, '$.price')`
   */
  readonly columns?: Readonly<Record<string, string>>;
  /**
   * Partitions before those by time, as in `partitionBy` of `FirehoseDelivery`, each with its values. Without values, each query
   * must have a filter on one: `{ tenant: [] }` needs `WHERE tenant = 'acme'`.
   * @default - only year, month, day and hour
   */
  readonly partitions?: Readonly<Record<string, readonly string[]>>;
  /**
   * The name of an existing database of this account and region.
   * @default - a new database
   */
  readonly database?: string;
}

/**
 * Processing stage: a table of the AWS Glue Data Catalog over the objects of an S3 store, and a view that shows each event of a day
 * once. Athena calculates the partitions from the query, so a new hour needs no crawler and no repair.
 *
 * Give each query a filter on `year`, or it lists every hour of all years. Not with a crawler, which would change the table. Other
 * engines (Redshift Spectrum, EMR) see no partitions that are calculated. In an account whose Lake Formation does not rely on IAM
 * alone, grant readers SELECT on the table and on the view, and whoever delivers Parquet DESCRIBE.
 *
 * It costs nothing: the first million objects of a catalog are free. A deploy that replaces a table loses no object.
 * @see https://docs.aws.amazon.com/athena/latest/ug/partition-projection.html
 */
export class GlueCatalog extends Construct implements CatalogTable, DirectStore {
  readonly databaseName: string;
  readonly tableName: string;
  readonly viewName: string;
  /** The table, for a delivery that converts its records. Only with the format `parquet`. */
  readonly table?: DeliveryTable;

  private readonly store: BucketStore & DirectStore;

  constructor(scope: Construct, id: string, props: GlueCatalogProps) {
    super(scope, id);
    const { store, firstYear, format = 'ndjson', columns = CLOUD_EVENT, partitions = {}, database } = props;
    requireNumber(this, { firstYear }, YEARS, 'known');
    const lastYear = props.lastYear ?? firstYear + 20;
    requireResource(this, { store });
    if (typeof store?.bindDelivery !== 'function' || store.bucket === undefined) {
      throw new SettingError(this, 'store must be a store of objects in S3', store?.constructor.name, 'Give an S3Store.');
    }
    requireOneOf(this, { format }, ['ndjson', 'parquet'], 'Leave it out for lines of JSON.');
    this.tableName = props.table ?? 'events';
    requireText(this, { table: this.tableName }, NAME);
    if (database !== undefined) requireText(this, { database }, NAME);
    const shape: Shape = { columns, partitions, firstYear, lastYear };
    requireShape(this, shape);
    this.store = store;
    this.viewName = `${this.tableName}_once`;
    this.databaseName = database ?? Names.uniqueResourceName(this, { separator: '_', maxLength: 100 }).toLowerCase();
    const { databaseName, tableName } = this;
    if (format === 'parquet') this.table = { databaseName, tableName, partitions: Object.keys(partitions) };

    const made =
      database === undefined
        ? new CfnDatabase(this, 'Database', { catalogId: Aws.ACCOUNT_ID, databaseInput: { name: databaseName } })
        : undefined;
    const keys = [...Object.keys(partitions), ...OF_TIME].map((name) => ({ name, type: 'string' }));
    const listed = Object.entries(columns).map(([name, type]) => ({ name, type }));
    const make = (name: string, tableInput: CfnTable.TableInputProperty) => {
      const table = new CfnTable(this, name, { catalogId: Aws.ACCOUNT_ID, databaseName, tableInput });
      if (made) table.node.addDependency(made);
      return table;
    };
    const table = make('Table', {
      name: tableName,
      tableType: 'EXTERNAL_TABLE',
      parameters: { classification: format === 'parquet' ? 'parquet' : 'json', ...projectionOf(shape) },
      partitionKeys: keys,
      storageDescriptor: {
        columns: listed,
        location: `s3://${store.bucket.bucketName}/${store.prefix}`,
        ...(format === 'parquet' ? PARQUET_FORMAT : JSON_FORMAT),
      },
    });
    const view = make('View', {
      name: this.viewName,
      tableType: 'VIRTUAL_VIEW',
      parameters: { presto_view: 'true', comment: 'Presto View' },
      partitionKeys: [],
      storageDescriptor: { columns: [...listed, ...keys], location: '', serdeInfo: {} },
      viewOriginalText: viewText({ databaseName, tableName, columns, partitions }),
      viewExpandedText: '/* Presto View */',
    });
    view.node.addDependency(table);
  }

  /** With the format `parquet`, `deliverer` may also read the columns of the table. */
  bindDelivery(deliverer: Workload): DeliveryTarget {
    const target = this.store.bindDelivery(deliverer);
    if (!this.table) return target;
    const actions = ['glue:GetTable', 'glue:GetTableVersion', 'glue:GetTableVersions'];
    return { ...target, waitFor: [...target.waitFor, this.allow(deliverer, actions, this.tableName), this.node.findChild('Table')] };
  }

  bindReader(reader: Workload, name: string): Binding {
    const { settings, waitFor } = this.store.bindReader(reader, name);
    const reads = ['GetDatabase', 'GetTable', 'GetTables', 'GetPartition', 'GetPartitions', 'BatchGetPartition'].map(
      (one) => `glue:${one}`,
    );
    const grants = [
      this.allow(reader, reads, this.tableName, this.viewName),
      // The condition of the store on listing does not cover it.
      ...allow(reader, this.store.bucket.bucketArn, ['s3:GetBucketLocation']),
    ];
    const names = { [`${name}_DATABASE`]: this.databaseName, [`${name}_TABLE`]: this.tableName };
    const tables = ['Table', 'View'].map((table) => this.node.findChild(table));
    return { settings: { ...settings, ...names }, waitFor: [...waitFor, ...grants, ...tables] };
  }

  /** Glue checks a permission on a table also on its catalog and database. */
  private allow({ role }: Workload, actions: string[], ...tables: string[]): Grant {
    const arn = (resource: string) => Stack.of(this).formatArn({ service: 'glue', resource });
    const places = ['catalog', `database/${this.databaseName}`, ...tables.map((table) => `table/${this.databaseName}/${table}`)];
    return Grant.addToPrincipal({ grantee: role, actions, resourceArns: places.map(arn) });
  }
}
