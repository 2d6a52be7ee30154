import { type RestError, TableClient } from '@azure/data-tables';
import { writeEach } from '../../../shared/runtime/each-row';
import { setting } from '../../../shared/runtime/setting';
import type { Sink } from '../../../shared/runtime/sink';
import { identity } from '../container';
import { type Entity, tableEntity } from './table-entity';

/** The request is wrong, or the entity is too large. */
const PERMANENT = [400, 413];

/**
 * Table Storage: adds each row as one entity.
 *
 * An entity is added only if its keys do not exist, so a retry of a lot changes nothing, also if only the answer of the first write
 * was lost. This needs no permission to read or to overwrite entities. A request that is throttled, or that the server fails, is
 * retried by the client, three times within seconds.
 * @param name the start of the app settings of the store: `STORE` reads `STORE_ENDPOINT`, `STORE_TABLE` and `STORE_LOOK_UP_BY`
 * @see https://learn.microsoft.com/rest/api/storageservices/insert-entity
 */
export function storageTableSink(name: string): Sink<Entity> {
  const client = new TableClient(setting(`${name}_ENDPOINT`), setting(`${name}_TABLE`), identity());
  const lookUpBy = setting(`${name}_LOOK_UP_BY`);
  return {
    encode: (row, event, index) => tableEntity(row, event, index, lookUpBy),
    write: ({ made }, abortSignal) =>
      writeEach(
        made,
        async (entity) => {
          try {
            await client.createEntity(entity, { abortSignal });
          } catch (error) {
            if (!isStored(error)) throw error;
          }
        },
        (error) => PERMANENT.includes((error as Partial<RestError>).statusCode ?? 0),
      ),
  };
}

/** Whether an entity with these keys exists already. A table that is being deleted has the same status. */
function isStored(error: unknown): boolean {
  const { details } = error as { readonly details?: { readonly odataError?: { readonly code?: string } } };
  return details?.odataError?.code === 'EntityAlreadyExists';
}
