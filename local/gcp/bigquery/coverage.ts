import { type AllowList, only } from '../../coverage';
import { COLUMN_TYPES, type SchemaField } from './row-check';

/** A dataset, its table and the view on it. */
export const COVERAGE: AllowList = {
  google_bigquery_dataset: {
    dataset_id: 'emulated',
    project: 'emulated',
    location: 'no effect here',
    max_time_travel_hours: 'no effect here',
    delete_contents_on_destroy: 'no effect here',
    default_encryption_configuration: 'no effect here',
    labels: 'no effect here',
  },
  google_bigquery_table: {
    project: 'emulated',
    dataset_id: 'emulated',
    table_id: 'emulated',
    schema: schemaRefusal,
    'time_partitioning.type': only('DAY'),
    'time_partitioning.field': 'emulated',
    'time_partitioning.expiration_ms': 'no effect here',
    'view.query': 'emulated',
    'view.use_legacy_sql': only(false),
    clustering: 'no effect here',
    deletion_protection: 'no effect here',
    description: 'no effect here',
    encryption_configuration: 'no effect here',
    labels: 'no effect here',
    require_partition_filter: 'no effect here',
  },
  google_bigquery_table_iam_member: 'no effect here',
  'data.google_bigquery_default_service_account': 'no effect here',
};

/** Why a schema cannot be kept here. It is a text of JSON, or holds references that stand for one. */
function schemaRefusal(value: unknown): string | undefined {
  let columns: readonly (SchemaField & { readonly fields?: unknown })[];
  try {
    columns = JSON.parse(String(value));
  } catch {
    return 'it must be the JSON of a schema';
  }
  const known = ['name', 'type', 'mode', 'description'];
  for (const column of columns) {
    const { name, type, mode = 'NULLABLE' } = column;
    const other = Object.keys(column).find((key) => !known.includes(key));
    if (other) return `column ${name}: ${other} is not emulated`;
    if (!COLUMN_TYPES.some((known) => known === type)) return `column ${name}: only ${COLUMN_TYPES.join(', ')} are emulated, got ${type}`;
    if (!['NULLABLE', 'REQUIRED'].includes(mode)) return `column ${name}: only NULLABLE and REQUIRED are emulated, got ${mode}`;
  }
  return undefined;
}
