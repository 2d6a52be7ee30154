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
