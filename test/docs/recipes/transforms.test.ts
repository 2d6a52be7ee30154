import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { unzipSync } from 'fflate';
import { StorageWriteStandIn } from '../../../local/gcp/bigquery/storage-write';
import { tableSchema } from '../../../scripts/recipes';
import { eventsOf, findTransforms, linesOf, readable, tableRowsOf } from '../../../scripts/recipes/transforms';
import { blueprintsNamed } from '../../../shared/synth/blueprints';
import { packageHandler } from '../../../shared/synth/handler-package';
import { azureServices } from '../../azure/runtime/services';
import { deadLetterQueue, s3 } from '../../support/aws-stand-ins';
import { handlerCode } from '../../support/bundled';
import { temporaryFolder } from '../../support/folder';
import { callOnLambda, deployedOnAzure, invocation, NOBODY, startOnGcp } from '../../support/handler-processes';
import { BATCHES } from '../../support/lambda-events';
import { loopback } from '../../support/loopback';

// Each handler is a process of its own.
jest.setTimeout(30_000);

const letter = (reason: unknown) => `to the dead letter: ${reason}`;

/** What page and process say is the same, in whatever order it was written. */
const expectSame = (stored: readonly string[], said: readonly string[]) => expect([...stored].sort()).toEqual([...said].sort());

describe.each(findTransforms())('the handlers, bundled with the transform of $name, store what the page says', (recipe) => {
  const events = eventsOf(recipe);
  const lines = events.flatMap((event) => linesOf(event, recipe.transform));

  function folderWith(handler: string): string {
    const folder = temporaryFolder();
    writeFileSync(path.join(folder, 'index.js'), handlerCode(handler, recipe.file));
    return folder;
  }

  test('on AWS', async () => {
    const [bucket, queue] = [await s3(), await deadLetterQueue()];
    const settings = { PROCESSOR: 'press', STORE_BUCKET: 'my-bucket', STORE_PREFIX: 'events/', DEAD_LETTER_QUEUE_URL: queue.url };
    const env = { ...bucket.environment, ...queue.environment, ...settings };
    const { answer } = await callOnLambda(folderWith('aws/handlers/kinesis-to-s3'), env, BATCHES.kinesis!(events).Records);
    expect(answer()).toEqual({ batchItemFailures: [] });
    expectSame([...bucket.lines(), ...queue.messages.map(({ MessageBody }) => letter(JSON.parse(MessageBody).reason))], lines);
  });

  test('on Azure', async () => {
    const handler = 'azure/handlers/event-hubs-to-blob';
    const folder = deployedOnAzure(unzipSync(readFileSync(packageHandler(handler).zip)), handlerCode(handler, recipe.file));
    const { environment, endpoint, blobs } = await azureServices();
    const env = {
      ...environment,
      AZURE_CLIENT_ID: 'client-of-function',
      EVENTS_MAX_RETRIES: '5',
      EVENTS_CONSUMER_GROUP: 'reader',
      HOST_ENDPOINT: endpoint,
      STORE_ENDPOINT: endpoint,
      STORE_CONTAINER: 'events',
      DEAD_LETTER_ENDPOINT: endpoint,
      DEAD_LETTER_CONTAINER: 'dead-letter',
    };
    const invocations = JSON.stringify([
      invocation(
        events.map((event) => JSON.parse(event)),
        0,
      ),
    ]);
    const { stdout } = await promisify(execFile)(process.execPath, ['worker.js', invocations], { cwd: folder, env });
    expect(JSON.parse(stdout).answers).toEqual(['settled']);
    const linesIn = (container: string) =>
      [...blobs].filter(([name]) => name.startsWith(`${container}/`)).flatMap(([, body]) => body.split('\n').slice(0, -1));
    expectSame([...linesIn('events'), ...linesIn('dead-letter').map((line) => letter(JSON.parse(line).reason))], lines);
  });

  test('on GCP', async () => {
    const schema = tableSchema(blueprintsNamed('pipeline', ['gcp'])[0]!);
    const table = await new StorageWriteStandIn(schema as ConstructorParameters<typeof StorageWriteStandIn>[0]).start();
    const reasons: string[] = [];
    const pubSub = await loopback((_, body) => {
      reasons.push(...JSON.parse(body.toString()).messages.map((message: any) => message.attributes.deadLetterReason));
      return { status: 200, body: '{"messageIds":["1"]}' };
    });
    try {
      const { push } = await startOnGcp(folderWith('gcp/handlers/pub-sub-to-bigquery'), {
        STORE_PROJECT: 'acme-data',
        STORE_DATASET: 'acme_events',
        STORE_TABLE: 'events',
        DEAD_LETTER_TOPIC: 'projects/acme-data/topics/acme-events-dead-letter',
        DEAD_LETTER_ENDPOINT: NOBODY,
        BIGQUERY_STORAGE_ENDPOINT: table.address,
        PUBSUB_EMULATOR_HOST: new URL(pubSub).host,
      });
      for (const event of events) expect(await push(event)).toBe(204);
    } finally {
      await table.stop();
    }
    const said = events.flatMap((event) => tableRowsOf(event, recipe.transform, schema));
    expectSame([...table.rows.map((row) => JSON.stringify(readable(row, schema))), ...reasons.map(letter)], said);
  });
});
