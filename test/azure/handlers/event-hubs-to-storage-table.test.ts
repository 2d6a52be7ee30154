import { proveHubRowHandler } from '../runtime/hub-row-handler';
import { tables } from '../runtime/tables';

proveHubRowHandler('event-hubs-to-storage-table', {
  store: () => tables(),
  rows: ({ entities }) => [...entities.values()],
  row: (event) => ({ PartitionKey: '~2Fplants~2F7~2Fpress', RowKey: '~2Fplants~2F7~2Fpress~~1~~0', ...event }),
});
