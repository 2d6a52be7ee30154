import { cosmos } from '../runtime/cosmos';
import { proveHubRowHandler } from '../runtime/hub-row-handler';

proveHubRowHandler('event-hubs-to-cosmos', {
  store: () => cosmos(),
  rows: ({ items }) => [...items.values()],
  row: ({ id, ...event }) => ({ ...event, id: '~2Fplants~2F7~2Fpress~~1~~0', eventId: id }),
});
