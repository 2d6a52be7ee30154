import type { TerraformStack } from 'cdktf';
import { ServiceBusBuffer } from '../../../../azure/buffer/service-bus/service-bus-buffer';
import { StorageQueueBuffer } from '../../../../azure/buffer/storage-queue/storage-queue-buffer';
import { EventHubBuffer } from '../../../../azure/connect/event-hub/event-hub-buffer';
import { FunctionProcessor, type FunctionProcessorProps } from '../../../../azure/processing/functions/function-processor';
import { BlobStore } from '../../../../azure/store/blob/blob-store';
import { DataLakeStore } from '../../../../azure/store/data-lake/data-lake-store';
import { Person, site, synthesize } from '../../stand-ins';

const code = { zip: __filename, hash: 'a'.repeat(64) };

const store = (stack: TerraformStack) => new BlobStore(stack, 'Files', { site });
const queue = (stack: TerraformStack) => new ServiceBusBuffer(stack, 'Queue', { site });

/** A processor of the new objects of a store. */
function read(props: Partial<FunctionProcessorProps> = {}) {
  return synthesize((stack) => {
    const [files, created] = [store(stack), queue(stack)];
    files.deliverCreated(created);
    const source = files.readCreated(created);
    const processor = new FunctionProcessor(stack, 'Processing', {
      site,
      code,
      source,
      stores: {},
      deadLetter: files.deadLetter,
      ...props,
    });
    return { processor, source };
  });
}

test('the function reads the objects, and nothing else of the account, as its own identity', () => {
  const { json, one } = read();
  const reads = Object.values<any>(json.resource!.azurerm_role_assignment!).filter(
    (role) => role.role_definition_name === 'Storage Blob Data Reader',
  );
  expect(reads).toEqual([expect.objectContaining({ scope: '${azurerm_storage_container.data_events.id}' })]);
  expect(reads[0].principal_id).toMatch(/^\$\{azurerm_user_assigned_identity\.Processing_/);
  expect(one('azurerm_function_app_flex_consumption').app_settings).toMatchObject({
    SOURCE_ENDPOINT: '${azurerm_storage_account.data.primary_blob_endpoint}',
    SOURCE_CONTAINER: '${azurerm_storage_container.data_events.name}',
    EVENTS_QUEUE: '${azurerm_servicebus_queue.events.name}',
  });
});

test('its handlers are those for the objects of its queue', () => {
  expect(read().built.source.format).toBe('blob-by-service-bus');
  const needs = { source: 'service-bus', stores: {} };
  expect(() => read({ code: { ...code, needs } })).toThrow(
    new Error(
      'test/Processing: code must read records of blob-by-service-bus, got a handler for service-bus. Bundle one of the handlers whose names start with blob-by-service-bus.',
    ),
  );
});

test('the retries are those of the queue', () =>
  expect(read({ delivery: { maxRetries: 7 } }).one('azurerm_function_app_flex_consumption').app_settings.EVENTS_MAX_RETRIES).toBe('7'));

test('a reader of its own may receive the messages and read the objects', () => {
  const { built } = synthesize((stack) => {
    const [files, created] = [store(stack), new StorageQueueBuffer(stack, 'Queue', { site })];
    files.deliverCreated(created);
    return files.readCreated(created).bindReader(new Person(stack, 'Reader'), 'NEW');
  });
  expect(Object.keys(built.settings).sort()).toEqual(['NEW_CONTAINER', 'NEW_ENDPOINT', 'NEW_QUEUE']);
  expect(built.waitFor).toHaveLength(2);
});

test('a zone of a lake is read too', () => {
  const { built } = synthesize((stack) => {
    const [lake, created] = [new DataLakeStore(stack, 'Lake', { site }), queue(stack)];
    lake.zone('raw').deliverCreated(created);
    return lake.zone('raw').readCreated(created);
  });
  expect(built.format).toBe('blob-by-service-bus');
});

describe('refuses', () => {
  const remedy = 'Give the queue of deliverCreated: a queue retries each object alone.';
  test.each<[string, (stack: TerraformStack) => unknown, string]>([
    [
      'to read without events',
      (stack) => store(stack).readCreated(queue(stack)),
      'test/Files: readCreated requires events of new objects, got none. Call deliverCreated with the queue first.',
    ],
    [
      'a hub',
      (stack) => {
        const [files, hub] = [store(stack), new EventHubBuffer(stack, 'Buffer', { site })];
        files.deliverCreated(hub);
        return files.readCreated(hub);
      },
      `test/Files: readCreated requires a queue, got a source of event-hubs. ${remedy}`,
    ],
    [
      'another queue',
      (stack) => {
        const [files, other] = [store(stack), new ServiceBusBuffer(stack, 'Other', { site, name: 'other' })];
        files.deliverCreated(queue(stack));
        return files.readCreated(other);
      },
      `test/Files: readCreated requires the queue of deliverCreated, got another queue. ${remedy}`,
    ],
    [
      'no source',
      (stack) => {
        const files = store(stack);
        files.deliverCreated(queue(stack));
        return files.readCreated(undefined as never);
      },
      `test/Files: readCreated requires a queue, got no source. ${remedy}`,
    ],
  ])('%s', (_, build, message) => expect(() => synthesize(build)).toThrow(new Error(message)));

  test('a store whose settings would be those of the objects, and such a setting of the user', () => {
    expect(() =>
      synthesize((stack) => {
        const [files, created] = [store(stack), queue(stack)];
        files.deliverCreated(created);
        const rows = new BlobStore(stack, 'Rows', { site, name: 'rows' });
        const props = { site, code, source: files.readCreated(created), deadLetter: rows.deadLetter };
        return new FunctionProcessor(stack, 'Processing', { ...props, stores: { SOURCE: rows } });
      }),
    ).toThrow(
      new Error(
        'test/Processing: stores must not be named SOURCE, got one. With this source, the processor sets SOURCE_CONTAINER: rename it.',
      ),
    );
    expect(() => read({ appSettings: { SOURCE_CONTAINER: 'mine' } })).toThrow('that are not reserved, got "SOURCE_CONTAINER"');
  });

  test('a processor that writes where it reads: it would be called for each of its own objects', () => {
    expect(() =>
      synthesize((stack) => {
        const [files, created] = [store(stack), queue(stack)];
        files.deliverCreated(created);
        const props = { site, code, source: files.readCreated(created), deadLetter: files.deadLetter };
        return new FunctionProcessor(stack, 'Processing', { ...props, stores: { STORE: files } });
      }),
    ).toThrow('a reader of the events of new objects must not write where they are, got test/Processing');
  });
});
