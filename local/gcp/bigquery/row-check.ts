/** The types of columns that are emulated, beside RECORD, which has columns of its own. */
export const COLUMN_TYPES = ['STRING', 'JSON', 'NUMERIC', 'INTEGER', 'FLOAT', 'BOOLEAN', 'TIMESTAMP', 'DATE'] as const;
export type ColumnType = (typeof COLUMN_TYPES)[number];

/** A column in the schema of the table in the template. */
export interface SchemaField {
  readonly name: string;
  readonly type: string;
  /** The default is NULLABLE. */
  readonly mode?: string;
  /** The columns of a RECORD. */
  readonly fields?: readonly SchemaField[];
}

/** The value of a column as it is sent: 64-bit integers and times in microseconds are `bigint`, a DATE is a number of days. */
export type ColumnValue = string | number | bigint | boolean | undefined | TableRow | readonly ColumnValue[];

/** A row as it is sent, or the value of a RECORD. */
export interface TableRow {
  readonly [column: string]: ColumnValue;
}

/** Why BigQuery refuses a row. */
export interface RowFault {
  readonly index: number;
  readonly message: string;
}

const DAY = 86_400_000_000n;
/** The years 1 to 9999. */
const FIRST = -62_135_596_800_000_000n;
const LAST = 253_402_300_799_999_999n;
/** The maximum number of digits before the decimal point. @see https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types#decimal_types */
const WHOLE_DIGITS: Readonly<Record<string, number>> = { NUMERIC: 29, BIGNUMERIC: 38 };
/** How many days before and after today rows are accepted. @see https://cloud.google.com/bigquery/docs/write-api#time-unit_column_partitioning */
const [DAYS_PAST, DAYS_AHEAD] = [1825n, 366n];

/**
 * The errors of BigQuery for rows. If one row has an error, no row is written.
 * @param partitionedBy the column that partitions the table by its day
 */
export function rowFaults(schema: readonly SchemaField[], rows: readonly TableRow[], partitionedBy?: string): RowFault[] {
  return rows.flatMap((row, index) => {
    const found = faultIn(schema, row);
    const message = found ?? (partitionedBy === undefined ? undefined : partitionFault(partitionedBy, row[partitionedBy]));
    return message === undefined ? [] : [{ index, message }];
  });
}

function faultIn(schema: readonly SchemaField[], row: TableRow, path = ''): string | undefined {
  for (const column of schema) {
    const fault = columnFault(column, row[column.name], `${path}${column.name}`);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function columnFault({ type, mode, fields = [] }: SchemaField, value: ColumnValue, path: string): string | undefined {
  if (value === undefined) return mode === 'REQUIRED' ? `Field ${path} is required and has no value` : undefined;
  const values = mode === 'REPEATED' ? (value as readonly ColumnValue[]) : [value];
  for (const one of values) {
    if (type === 'RECORD') {
      const fault = faultIn(fields, one as TableRow, `${path}.`);
      if (fault !== undefined) return fault;
    } else if (CHECKS[type]?.(one as Scalar) === false) return `Field ${path} of type ${type} has a value that it cannot hold`;
  }
  return undefined;
}

type Scalar = string | number | bigint | boolean;

const CHECKS: Readonly<Record<string, (value: Scalar) => boolean>> = {
  JSON: isJson,
  NUMERIC: (value) => isDecimal(value, WHOLE_DIGITS.NUMERIC!),
  BIGNUMERIC: (value) => isDecimal(value, WHOLE_DIGITS.BIGNUMERIC!),
  TIMESTAMP: (value) => BigInt(value) >= FIRST && BigInt(value) <= LAST,
  DATE: (value) => BigInt(value) * DAY >= FIRST && BigInt(value) * DAY <= LAST,
};

function isJson(value: unknown): boolean {
  try {
    JSON.parse(String(value));
    return true;
  } catch {
    return false;
  }
}

function isDecimal(value: unknown, wholeDigits: number): boolean {
  const [, whole] = /^-?0*(\d+?)(\.\d+)?$/.exec(String(value)) ?? [];
  return whole !== undefined && whole.length <= wholeDigits;
}

function partitionFault(column: string, time: ColumnValue): string | undefined {
  const days = BigInt((time as bigint | undefined) ?? 0) / DAY - BigInt(Date.now()) / 86_400_000n;
  if (days >= -DAYS_PAST && days <= DAYS_AHEAD) return undefined;
  return `Field ${column} names a partition that is not within ${DAYS_PAST} days past and ${DAYS_AHEAD} days ahead`;
}
