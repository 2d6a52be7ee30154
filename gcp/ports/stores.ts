import type { ITerraformDependable } from 'cdktf';
import type { IConstruct } from 'constructs';
import type { Binding, Workload } from './identity';

/** A store of objects. */
export interface ObjectStore {
  /** Let `writer` add objects. It cannot read or delete them. */
  bindWriter(writer: Workload, name: string): Binding;
  /** Let `reader` list and read objects, and nothing else. */
  bindReader(reader: Workload, name: string): Binding;
}

/**
 * A store of objects for an engine that treats it as a file system, such as Spark. Such an engine asks for folders as if they were objects, and lists
 * without a prefix, so whoever is bound sees the names of all objects of the bucket. It reads and writes only objects below the prefix.
 */
export interface FileStore extends ObjectStore {
  /** Let `reader` list and read files, and nothing else. */
  bindFileReader(reader: Workload, name: string): Binding;
  /** Let `writer` list, read, replace and delete files. */
  bindFileWriter(writer: Workload, name: string): Binding;
}

/** A store of rows. */
export interface TableStore {
  /** Let `writer` add rows. */
  bindWriter(writer: Workload, name: string): Binding;
  /** Let `reader` query rows, and nothing else. */
  bindReader(reader: Workload, name: string): Binding;
}

/** A store of rows in BigQuery that says its columns, to what fills its table without a handler. */
export interface SchemaStore extends TableStore {
  /** The schema of the table that a writer adds rows to, in the JSON of BigQuery. */
  readonly schema: string;
}

/** A policy tag in BigQuery: the values of a column that has it are for some readers only, whoever may read the table. */
export interface PolicyTag {
  /** Its resource name. */
  readonly id: string;
  /** Its region. It can protect columns of datasets in this region only. */
  readonly region: string;
  /**
   * What other readers of the table see instead of a value, by the name that the API of BigQuery has for it. Without it, BigQuery refuses
   * them each query that reads the column.
   * @see https://cloud.google.com/bigquery/docs/column-data-masking-intro#masking_options
   */
  readonly masking?:
    | 'ALWAYS_NULL'
    | 'DEFAULT_MASKING_VALUE'
    | 'SHA256'
    | 'EMAIL_MASK'
    | 'FIRST_FOUR_CHARACTERS'
    | 'LAST_FOUR_CHARACTERS'
    | 'DATE_YEAR_MASK';
  /** Let `reader` see the values of all columns that have the tag, in tables that it may read. */
  bindReader(reader: Workload): ITerraformDependable;
  /** Let `reader` see what masking makes of them. Without masking, it grants nothing. */
  bindMaskedReader(reader: Workload): ITerraformDependable | undefined;
}

/** The names of a view in BigQuery. */
export interface ViewNames {
  readonly projectId: string;
  readonly datasetId: string;
  readonly tableId: string;
}

/** A store in BigQuery whose rows a view in another dataset can show. */
export interface SharedStore {
  /** Its region. A view must be in the region of its tables. */
  readonly region: string;
  /** The query of each row once, for the FROM clause of a view. It has no column that a policy tag protects. */
  readonly uniqueRows: string;
  /** The columns that are not in it, because a policy tag protects them. */
  readonly protectedColumns: readonly string[];
  /**
   * Let a view read the rows, whoever queries it: its readers need no access to the store.
   * @param name the name of the view, unique in the site
   */
  bindView(holder: IConstruct, name: string, view: ViewNames): ITerraformDependable;
}
