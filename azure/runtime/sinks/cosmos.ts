import { CosmosClient, type ErrorResponse } from '@azure/cosmos';
import { writeEach } from '../../../shared/runtime/each-row';
import { setting } from '../../../shared/runtime/setting';
import type { Sink } from '../../../shared/runtime/sink';
import { identity } from '../container';
import { cosmosItem, type Item } from './cosmos-item';

/** The request is wrong, or the item is too large. */
const PERMANENT = [400, 413];

/**
 * Cosmos DB: adds each row as one item.
 *
 * An item is added only if its key does not exist, so a retry of a lot changes nothing, also if only the answer of the first write
 * was lost, and whoever reads the changes of the container gets each row once. This needs no permission to read or to overwrite
 * items. A throttled request is retried by the client, for up to 30 seconds.
 * @param name the start of the app settings of the store: `STORE` reads `STORE_ENDPOINT`, `STORE_DATABASE`, `STORE_CONTAINER` and
 * `STORE_LOOK_UP_BY`
 * @see https://learn.microsoft.com/rest/api/cosmos-db/create-a-document
 */
export function cosmosSink(name: string): Sink<Item> {
  const client = new CosmosClient({
    endpoint: setting(`${name}_ENDPOINT`),
    aadCredentials: identity(),
    // The address of the account leads to the region that takes writes. To look for regions costs a request that repeats.
    connectionPolicy: { enableEndpointDiscovery: false, enableBackgroundEndpointRefreshing: false },
  });
  const container = client.database(setting(`${name}_DATABASE`)).container(setting(`${name}_CONTAINER`));
  const lookUpBy = setting(`${name}_LOOK_UP_BY`);
  return {
    encode: (row, event, index) => cosmosItem(row, event, index, lookUpBy),
    write: ({ made }, abortSignal) =>
      writeEach(
        made,
        async (item) => {
          try {
            await container.items.create(item, { abortSignal });
          } catch (error) {
            if (codeOf(error) !== 409) throw error;
          }
        },
        (error) => PERMANENT.includes(Number(codeOf(error))),
      ),
  };
}

function codeOf(error: unknown) {
  return (error as Partial<ErrorResponse>).code;
}
