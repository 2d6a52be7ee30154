import { amount, is, type Rule } from './rule';

/** The columns that the handler always fills. Any other must be allowed to be empty. */
const ALWAYS_FILLED = ['event_id', 'event_source', 'event_type', 'event_time', 'row_index', 'message_id', 'publish_time'];

interface Column {
  readonly name: string;
  readonly type: string;
  readonly mode: string;
}

/** What becomes of data on its way and where it lies, as far as the rules of one cloud do not say it. */
export const DATA: readonly Rule[] = [
  {
    id: 'tls',
    types: ['azurerm_eventhub_namespace'],
    must: 'refuse TLS below 1.2',
    holds: (namespace) => is(namespace, 'minimum_tls_version', '1.2'),
  },
  {
    id: 'encrypted',
    types: ['azurerm_storage_account'],
    must: 'be encrypted twice, which can be decided only when it is made',
    holds: (account) => is(account, 'infrastructure_encryption_enabled', true),
  },
  {
    id: 'undelete',
    types: ['azurerm_storage_account'],
    must: 'let go of old versions in the end, where it keeps them',
    holds: (account, { blocks, refers }) =>
      !is(account, 'blob_properties.versioning_enabled', true) ||
      [...blocks.values()].some(
        ({ address, type, body }) =>
          type === 'azurerm_storage_management_policy' &&
          refers(address, 'storage_account_id').some((one) => one.address === account.address) &&
          JSON.stringify(body).includes('"version":{"delete_after_days_since_creation":'),
      ),
  },
  {
    id: 'own-consumer-group',
    types: ['azurerm_function_app_flex_consumption'],
    must: 'name a consumer group of the stack: $Default is shared with whoever reads next',
    holds: ({ address, body }, { refers }) =>
      Object.keys((body.app_settings ?? {}) as object)
        .filter((name) => name.endsWith('_CONSUMER_GROUP'))
        .every((name) => refers(address, `app_settings.${name}`).some(({ type }) => type === 'azurerm_eventhub_consumer_group')),
  },
  {
    id: 'in-its-region',
    types: ['google_pubsub_topic'],
    must: 'keep events in their region on their way too, where clients publish to it',
    holds: (topic, { blocks, refers }) =>
      is(topic, 'message_storage_policy.enforce_in_transit', true) ||
      [...blocks.values()].some(
        ({ address, type }) =>
          type === 'google_pubsub_subscription' &&
          refers(address, 'dead_letter_policy.dead_letter_topic').some((one) => one.address === topic.address),
      ),
  },
  {
    id: 'every-row-fits',
    types: ['google_bigquery_table'],
    must: 'ask for the columns that the handler always fills and for no other, and have one for what no column holds',
    holds: (table) => {
      if (table.get('view').length > 0) return true;
      const columns = JSON.parse(String(table.get('schema')[0])) as readonly Column[];
      const required = columns.filter(({ mode }) => mode === 'REQUIRED').map(({ name }) => name);
      const rest = columns.find(({ name }) => name === 'rest');
      return String(required) === String(ALWAYS_FILLED) && rest?.type === 'JSON';
    },
  },
  {
    id: 'partitioned',
    types: ['google_bigquery_table'],
    must: 'lie in a partition for each day of its events, and be read only by those who say which days',
    holds: (table) =>
      table.get('view').length > 0 ||
      (is(table, 'time_partitioning.type', 'DAY') &&
        is(table, 'time_partitioning.field', 'event_time') &&
        is(table, 'require_partition_filter', true)),
  },
  {
    id: 'undelete',
    types: ['google_bigquery_dataset'],
    must: 'bring changed and deleted rows back for two days at least',
    holds: (dataset) => amount(dataset, 'max_time_travel_hours') >= 48,
  },
];
