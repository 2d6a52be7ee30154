import {
  type DuckDBAppender,
  type DuckDBConnection,
  DuckDBDateValue,
  DuckDBInstance,
  DuckDBListValue,
  DuckDBStructValue,
  DuckDBTimestampValue,
  type DuckDBType,
  type DuckDBValue,
} from '@duckdb/node-api';
import { RefusedError } from '../../platform';
import { CHANGE_COLUMNS, keptChange, latestRowsQuery } from './changes';
import { GOOGLE_FUNCTIONS } from './google-functions';
import { translateQuery } from './google-sql';
import { duckValue, TYPES, typeOf } from './nested';
import type { ColumnType, ColumnValue, SchemaField, TableRow } from './row-check';

/** A table of the template, with the view on it. */
export interface TableSettings {
  readonly project: string;
  readonly dataset: string;
  readonly name: string;
  readonly schema: readonly SchemaField[];
  /** The column that partitions the table by day. */
  readonly partitionedBy?: string;
  /** The columns of the primary key: rows are changes. */
  readonly key?: readonly string[];
  readonly view?: View;
  /** The view of the rows that are not in the other one. */
  readonly rejected?: View;
  /** Views for readers, in other datasets or with fewer columns. */
  readonly shared?: readonly View[];
}

/** A view of the template. */
export interface View {
  readonly path: string;
  readonly dataset: string;
  readonly name: string;
  /** In GoogleSQL. */
  readonly query: string;
}

/** How a value of each type of column is appended. Of a RECORD and of a list, the whole value is. */
const APPEND: Readonly<Record<ColumnType, (appender: DuckDBAppender, value: never) => void>> = {
  STRING: (appender, value: string) => appender.appendVarchar(value),
  JSON: (appender, value: string) => appender.appendVarchar(value),
  NUMERIC: (appender, value: string) => appender.appendVarchar(value),
  INTEGER: (appender, value: bigint) => appender.appendBigInt(value),
  FLOAT: (appender, value: number) => appender.appendDouble(value),
  BOOLEAN: (appender, value: boolean) => appender.appendBoolean(value),
  TIMESTAMP: (appender, value: bigint) => appender.appendTimestamp(new DuckDBTimestampValue(value)),
  DATE: (appender, value: number) => appender.appendDate(new DuckDBDateValue(value)),
};

/** Extensions are not downloaded. Written rows stay in the log beside the file, which other processes can copy during a run. */
const CONFIG = {
  autoinstall_known_extensions: 'false',
  autoload_known_extensions: 'false',
  checkpoint_threshold: '1TB',
  // As in GoogleSQL.
  default_null_order: 'nulls_first',
  threads: '1',
};

interface Insert {
  readonly rows: readonly TableRow[];
  resolve(): void;
  reject(error: unknown): void;
}

/** A BigQuery table in a DuckDB file. When `insert` resolves, its rows are on disk. */
export class DuckTable {
  private readonly appender: DuckDBAppender;
  private waiting: Insert[] = [];

  private constructor(
    private readonly settings: TableSettings,
    private readonly instance: DuckDBInstance,
    private readonly connection: DuckDBConnection,
    appender: DuckDBAppender,
  ) {
    this.appender = appender;
  }

  /**
   * Create the table and its views in a new file.
   * @throws RefusedError if DuckDB does not support the query of a view
   */
  static async create(file: string, settings: TableSettings): Promise<DuckTable> {
    const { dataset, name, schema, key, view, rejected, shared = [] } = settings;
    const instance = await DuckDBInstance.create(file, CONFIG);
    const connection = await instance.connect();
    const columns = columnsIn(settings).map(
      (column) => `${quoted(column.name)} ${typeOf(column)}${column.mode === 'REQUIRED' ? ' NOT NULL' : ''}`,
    );
    await connection.run(`CREATE SCHEMA ${quoted(dataset)}`);
    const table = tableIn(settings);
    await connection.run(`CREATE TABLE ${quoted(dataset)}.${quoted(table)} (${columns.join(', ')})`);
    if (key) {
      const query = latestRowsQuery(`${quoted(dataset)}.${quoted(table)}`, schema, key);
      await connection.run(`CREATE VIEW ${quoted(dataset)}.${quoted(name)} AS ${query}`);
    }
    for (const macro of GOOGLE_FUNCTIONS) await connection.run(macro);
    for (const one of [view, rejected, ...shared]) {
      if (!one) continue;
      await connection.run(`CREATE SCHEMA IF NOT EXISTS ${quoted(one.dataset)}`);
      const query = translateQuery(one.query, settings, one.path);
      await connection.run(`CREATE VIEW ${quoted(one.dataset)}.${quoted(one.name)} AS ${query}`).catch((error: Error) => {
        throw new RefusedError(one.path, `DuckDB does not accept it: ${error.message.split('\n')[0]}`);
      });
    }
    return new DuckTable(settings, instance, connection, await connection.createAppender(table, dataset));
  }

  /** Add rows: all of them, or none. Rows that are added at the same time are written to disk together. */
  insert(rows: readonly TableRow[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ rows, resolve, reject });
      if (this.waiting.length === 1) setImmediate(() => this.flush());
    });
  }

  /** Every row that was added. */
  rows(): AsyncIterable<TableRow> {
    return this.read(this.settings.dataset, tableIn(this.settings));
  }

  /** What a query of the table shows. */
  latestRows(): AsyncIterable<TableRow> {
    return this.read(this.settings.dataset, this.settings.name);
  }

  /** Every row of the view. */
  viewRows(): AsyncIterable<TableRow> {
    return this.read(this.settings.view!.dataset, this.settings.view!.name);
  }

  /** Every row of the view of rejected rows. */
  rejectedRows(): AsyncIterable<TableRow> {
    return this.read(this.settings.rejected!.dataset, this.settings.rejected!.name);
  }

  /** The columns of the view. */
  async viewSchema(): Promise<SchemaField[]> {
    const { dataset, name } = this.settings.view!;
    const result = await this.connection.runAndReadAll(`FROM ${quoted(dataset)}.${quoted(name)} LIMIT 0`);
    const types = result.columnTypes();
    return result.columnNames().map((column, index) => ({ name: column, type: googleType(types[index]!) }));
  }

  /** Close the file, with everything in it. */
  close() {
    this.appender.closeSync();
    this.connection.closeSync();
    this.instance.closeSync();
  }

  private flush() {
    const group = this.waiting;
    this.waiting = [];
    try {
      for (const { rows } of group) for (const row of rows) this.append(keptChange(row));
      this.appender.flushSync();
      for (const { resolve } of group) resolve();
    } catch (error) {
      this.appender.clear();
      for (const { reject } of group) reject(error);
    }
  }

  private append(row: TableRow) {
    for (const [index, column] of columnsIn(this.settings).entries()) {
      const { name, type, mode } = column;
      const value = row[name];
      if (mode === 'REPEATED' || (type === 'RECORD' && value !== undefined))
        this.appender.appendValue(duckValue(column, value), this.appender.columnType(index));
      else if (value === undefined) this.appender.appendNull();
      else APPEND[type as ColumnType](this.appender, value as never);
    }
    this.appender.endRow();
  }

  private async *read(dataset: string, name: string): AsyncGenerator<TableRow> {
    const result = await this.connection.stream(`FROM ${quoted(dataset)}.${quoted(name)}`);
    const columns = result.columnNames();
    for await (const rows of result.yieldRows())
      for (const row of rows) yield Object.fromEntries(row.map((value, index) => [columns[index]!, asSent(value)]));
  }
}

/** The name of the table that rows are added to. What a query of a table with a key shows comes from the changes. */
function tableIn({ name, key }: TableSettings): string {
  return key ? `changes_of_${name}` : name;
}

function columnsIn({ schema, key }: TableSettings): readonly SchemaField[] {
  return key ? [...schema, ...CHANGE_COLUMNS] : schema;
}

/** The type of a column of a view. DuckDB reports JSON as a text with an alias. */
function googleType(type: DuckDBType): string {
  const name = type.alias ?? String(type);
  return Object.entries(TYPES).find(([, duck]) => duck === name)?.[0] ?? name;
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function asSent(value: DuckDBValue): ColumnValue {
  if (value === null) return undefined;
  if (value instanceof DuckDBTimestampValue) return value.micros;
  if (value instanceof DuckDBDateValue) return value.days;
  if (value instanceof DuckDBListValue) return value.items.map(asSent);
  if (value instanceof DuckDBStructValue)
    return Object.fromEntries(Object.entries(value.entries).map(([name, one]) => [name, asSent(one)]));
  return typeof value === 'object' ? String(value) : value;
}
