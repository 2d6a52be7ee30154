import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { unzipSync } from 'fflate';
import { packageHandler } from '../../../shared/synth/handler-package';
import { handlerCode } from '../../support/bundled';
import { deployedOnAzure } from '../../support/handler-processes';
import { expectEachNeeded } from '../../support/needed-settings';
import { azureServices } from '../runtime/services';

jest.setTimeout(30_000);

const folder = 'azure/handlers/cosmos-to-blob';
const { zip } = packageHandler(folder);
const files = unzipSync(readFileSync(zip));
const code = handlerCode(folder);
const deployed = deployedOnAzure(files, code);

const changed = (id: string) => ({
  id,
  n: 1,
  _rid: `rid${id}`,
  _etag: `"etag${id}"`,
  _ts: 1_769_848_200,
  _lsn: 7,
  _self: 's',
  _attachments: 'a',
});

/** One invocation, as the host puts it on the wire. */
const invocation = (documents: readonly unknown[], retryCount: number) => ({
  inputData: [{ data: { json: JSON.stringify(documents) } }],
  retryContext: { retryCount, maxRetryCount: -1 },
  triggerMetadata: {},
});

async function start(statusOf?: Parameters<typeof azureServices>[0]) {
  const services = await azureServices(statusOf);
  const settings: Record<string, string> = {
    AZURE_CLIENT_ID: 'client-of-function',
    EVENTS_DATABASE: 'rows',
    EVENTS_CONTAINER: 'rows',
    EVENTS_BATCH_SIZE: '1000',
    EVENTS_BATCH_WINDOW_SECONDS: '60',
    EVENTS_MAX_RETRIES: '5',
    EVENTS__accountEndpoint: 'https://acme.documents.azure.com:443/',
    STORE_ENDPOINT: services.endpoint,
    STORE_CONTAINER: 'events',
    DEAD_LETTER_ENDPOINT: services.endpoint,
    DEAD_LETTER_CONTAINER: 'dead-letter',
  };
  const run = async (invocations: readonly unknown[]) => {
    const env = { ...services.environment, ...settings };
    const { stdout } = await promisify(execFile)(process.execPath, ['worker.js', JSON.stringify(invocations)], {
      cwd: deployed,
      env,
      maxBuffer: 2 ** 24,
    });
    return JSON.parse(stdout);
  };
  return { ...services, settings, run };
}

test('the trigger reads from the first row on, by the identity of the app, and keeps its position in its own leases', async () => {
  const { run } = await start();
  const { metadata } = await run([]);
  expect(metadata).toMatchObject({ name: 'process', retryOptions: { maxRetryCount: -1 } });
  expect(Object.values(metadata.bindings)).toEqual([
    expect.objectContaining({
      direction: 'in',
      name: expect.any(String),
      type: 'cosmosDBTrigger',
      connection: 'EVENTS',
      databaseName: '%EVENTS_DATABASE%',
      containerName: '%EVENTS_CONTAINER%',
      leaseContainerName: '%EVENTS_LEASES%',
      maxItemsPerInvocation: 1000,
      feedPollDelay: 60_000,
      startFromBeginning: true,
    }),
  ]);
});

test('changed rows are stored as events, and the same batch again changes nothing', async () => {
  const { run, blobs } = await start();
  const batch = [changed('a'), changed('b')];
  expect((await run([invocation(batch, 0), invocation(batch, 1)])).answers).toEqual(['settled', 'settled']);
  const [[name, body], ...others] = [...blobs] as [[string, string]];
  expect(others).toEqual([]);
  expect(name).toMatch(/^events\/year=2026\/month=01\/day=31\/hour=08\/acme~rows~rows~[0-9a-f]{32}-7\.0-7\.1\.ndjson\.gz$/);
  expect(
    body
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toEqual(
    ['a', 'b'].map((id) => ({
      specversion: '1.0',
      id: `rid${id}.etag${id}`,
      source: 'https://acme.documents.azure.com/dbs/rows/colls/rows',
      type: 'row.written',
      time: '2026-01-31T08:30:00.000Z',
      datacontenttype: 'application/json',
      data: { after: { id, n: 1 } },
    })),
  );
});

test('a store that is down brings the batch again, and on the last try its rows are in the dead letter', async () => {
  const services = await start(({ line }) => (line.startsWith('PUT /events/') ? 403 : 201));
  const { answers } = await services.run([invocation([changed('a')], 0), invocation([changed('a')], 5)]);
  expect(answers).toEqual([expect.stringMatching(/^BatchFailed: .* The batch is retried\.$/), 'settled']);
  const [[name, body]] = [...services.blobs] as [[string, string]];
  expect(name).toMatch(/^dead-letter\/year=2026\/month=01\/day=31\/hour=08\/acme~rows~rows~/);
  expect(JSON.parse(body)).toMatchObject({
    position: { account: 'acme', database: 'rows', container: 'rows', sequenceNumber: 7, entry: 0 },
  });
});

test('without any of its settings it does not start, and says which is missing', async () => {
  const { settings, environment } = await start();
  await expectEachNeeded(deployed, settings, environment);
});
