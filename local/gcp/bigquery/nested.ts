import {
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBListValue,
  DuckDBStructValue,
  DuckDBTimestampValue,
  type DuckDBValue,
} from '@duckdb/node-api';
import type { ColumnType, ColumnValue, SchemaField, TableRow } from './row-check';

/** The DuckDB type of each type of column. */
export const TYPES: Readonly<Record<ColumnType, string>> = {
  STRING: 'VARCHAR',
  JSON: 'JSON',
  NUMERIC: 'DECIMAL(38, 9)',
  INTEGER: 'BIGINT',
  FLOAT: 'DOUBLE',
  BOOLEAN: 'BOOLEAN',
  TIMESTAMP: 'TIMESTAMP',
  DATE: 'DATE',
};

/** The digits after the point of a NUMERIC. */
const SCALE = 9;

/** The DuckDB type of a column: a RECORD is a STRUCT, and a REPEATED column is a list. */
export function typeOf({ type, mode, fields = [] }: SchemaField): string {
  const within = () => `STRUCT(${fields.map((field) => `"${field.name}" ${typeOf(field)}`).join(', ')})`;
  const one = type === 'RECORD' ? within() : TYPES[type as ColumnType];
  return mode === 'REPEATED' ? `${one}[]` : one;
}

/** The value of a column as DuckDB takes it within a STRUCT or a list. As in BigQuery, a list without a value is empty. */
export function duckValue(column: SchemaField, value: ColumnValue): DuckDBValue {
  if (column.mode !== 'REPEATED') return value === undefined ? null : one(column, value);
  return new DuckDBListValue(((value ?? []) as readonly ColumnValue[]).map((element) => one(column, element)));
}

function one({ type, fields = [] }: SchemaField, value: ColumnValue): DuckDBValue {
  switch (type) {
    case 'RECORD':
      return new DuckDBStructValue(
        Object.fromEntries(fields.map((field) => [field.name, duckValue(field, (value as TableRow)[field.name])])),
      );
    case 'NUMERIC':
      return new DuckDBDecimalValue(scaled(String(value)), 38, SCALE);
    case 'TIMESTAMP':
      return new DuckDBTimestampValue(value as bigint);
    case 'DATE':
      return new DuckDBDateValue(value as number);
    default:
      return value as DuckDBValue;
  }
}

/** A decimal number in units of its last digit, rounded half away from zero. */
function scaled(text: string): bigint {
  const [, sign = '', whole = '0', fraction = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text) ?? [];
  const digits = BigInt(whole + fraction.padEnd(SCALE, '0').slice(0, SCALE)) + (Number(fraction[SCALE] ?? 0) >= 5 ? 1n : 0n);
  return sign === '-' ? -digits : digits;
}
