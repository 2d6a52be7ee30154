import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import { unzipSync } from 'fflate';
import { packageHandler } from '../../../../shared/synth/handler-package';
import { temporaryFolder } from '../../../support/folder';

const certificate = path.join(__dirname, 'loopback.pem');
const good = { specversion: '1.0', id: '1', source: '/plants/7/press', type: 'com.example.press.heated', time: '2026-01-31T08:30:00Z' };

/** Stands for `@azure/functions-core`, which the Functions host brings: keeps what the bundle registers. */
const CORE = `
exports.registerFunction = (metadata, callback) => { exports.registered = { metadata, callback }; };
exports.setProgrammingModel = (model) => { exports.model = model; };
exports.registerHook = () => {};
exports.log = () => {};
`;

/** Stands for the worker of the host: loads the bundle, and brings it one invocation as it comes over the wire. */
const WORKER = `
const core = require('@azure/functions-core');
// Minutes pass in seconds.
const timeout = AbortSignal.timeout;
AbortSignal.timeout = (limit) => timeout.call(AbortSignal, limit / 60);
require('./index.js');
const { metadata, callback } = core.registered;
(async () => {
  const answers = [];
  for (const request of JSON.parse(process.argv[2])) {
    for (const input of request.inputData) {
      input.name = Object.keys(metadata.bindings)[0];
      input.data.collectionBytes.bytes = input.data.collectionBytes.bytes.map((bytes) => Buffer.from(bytes, 'base64'));
    }
    const model = core.model.getInvocationModel({ invocationId: '1', metadata, request, log: () => {} });
    const { context, inputs } = await model.getArguments();
    answers.push(await model.invokeFunction(context, inputs, callback).then(() => 'settled', String));
  }
  console.log(JSON.stringify({ metadata, answers }));
})();
`;

interface Request {
  readonly line: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

/** The bundle as it is deployed, with the stand-ins beside it. */
function deployed(): string {
  const folder = temporaryFolder();
  const files = unzipSync(readFileSync(packageHandler('azure/handlers/event-hubs-to-blob').zip));
  for (const [name, content] of Object.entries(files)) writeFileSync(path.join(folder, name), content);
  const core = path.join(folder, 'node_modules/@azure/functions-core');
  mkdirSync(core, { recursive: true });
  writeFileSync(path.join(core, 'index.js'), CORE);
  writeFileSync(path.join(folder, 'worker.js'), WORKER);
  return folder;
}

const servers: Server[] = [];
afterAll(() => servers.map((server) => server.close()));

async function listen(server: Server): Promise<string> {
  servers.push(server);
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Blob Storage and the identity endpoint of the app, on loopback, with what they were asked. */
async function cloud(statusOf: (request: Request) => number | 'silence') {
  const requests: Request[] = [];
  const blobs: RequestListener = (incoming, answer) => {
    let body = '';
    incoming.on('data', (chunk) => {
      body += chunk;
    });
    incoming.on('end', () => {
      const request = { line: `${incoming.method} ${incoming.url}`, headers: incoming.headers, body };
      requests.push(request);
      const status = statusOf(request);
      if (status !== 'silence') answer.writeHead(status).end();
    });
  };
  const pem = readFileSync(certificate);
  const identity = createServer((incoming, answer) => {
    requests.push({ line: `${incoming.method} ${incoming.url}`, headers: incoming.headers, body: '' });
    answer.writeHead(200, { 'content-type': 'application/json' });
    answer.end(
      JSON.stringify({ access_token: 'a token', token_type: 'Bearer', expires_on: Math.floor(Date.now() / 1000) + 3600, resource: 'r' }),
    );
  });
  return { requests, blobHost: await listen(createTlsServer({ key: pem, cert: pem }, blobs)), identityHost: await listen(identity) };
}

/** One invocation, as the host puts it on the wire. */
function invocation(events: readonly unknown[], retryCount: number) {
  const json = (value: unknown) => ({ json: JSON.stringify(value) });
  return {
    inputData: [{ data: { collectionBytes: { bytes: events.map((event) => Buffer.from(JSON.stringify(event)).toString('base64')) } } }],
    retryContext: retryCount > 0 ? { retryCount, maxRetryCount: 5 } : undefined,
    triggerMetadata: {
      PartitionContext: json({ PartitionId: '3', EventHubName: 'orders', FullyQualifiedNamespace: 'acme.servicebus.windows.net' }),
      SequenceNumberArray: { collectionSint64: { sint64: events.map((_, index) => ({ low: 40 + index, high: 0, unsigned: false })) } },
      EnqueuedTimeUtcArray: json(events.map(() => '2026-01-31T08:30:00.125')),
    },
  };
}

async function run(invocations: readonly unknown[], statusOf: (request: Request) => number | 'silence') {
  const { requests, blobHost, identityHost } = await cloud(statusOf);
  const folder = deployed();
  const { stdout } = await promisify(execFile)(process.execPath, ['worker.js', JSON.stringify(invocations)], {
    cwd: folder,
    // The child sees nothing of this machine's environment, so it can never use anybody's credentials.
    env: {
      NODE_EXTRA_CA_CERTS: certificate,
      // A time that does not say its zone must be read as UTC here too.
      TZ: 'Asia/Tokyo',
      IDENTITY_ENDPOINT: `http://${identityHost}/msi/token`,
      IDENTITY_HEADER: 'secret of the app',
      AZURE_CLIENT_ID: 'client-of-function',
      EVENTS_MAX_RETRIES: '5',
      EVENTS_CONSUMER_GROUP: 'reader',
      STORE_ENDPOINT: `https://${blobHost}/`,
      STORE_CONTAINER: 'events',
      DEAD_LETTER_ENDPOINT: `https://${blobHost}/`,
      DEAD_LETTER_CONTAINER: 'dead-letter',
    },
  });
  return { requests, ...JSON.parse(stdout) };
}

test('the bundle registers a trigger that asks for bytes and retries, and writes blobs as the identity of the function', async () => {
  let failures = 1;
  const { requests, metadata, answers } = await run(
    [invocation([good, { specversion: '1.0' }], 0), invocation([good, { specversion: '1.0' }], 1)],
    ({ line }) => (line.startsWith('PUT /events/') && failures-- > 0 ? 403 : 201),
  );

  expect(metadata).toMatchObject({
    name: 'process',
    retryOptions: {
      retryStrategy: 'exponentialBackoff',
      maxRetryCount: 5,
      minimumInterval: { seconds: 30 },
      maximumInterval: { seconds: 900 },
    },
  });
  expect(Object.values(metadata.bindings)).toEqual([
    expect.objectContaining({
      type: 'eventHubTrigger',
      direction: 'in',
      connection: 'EVENTS',
      eventHubName: '%EVENTS_HUB%',
      consumerGroup: '%EVENTS_CONSUMER_GROUP%',
      cardinality: 'many',
      dataType: 'binary',
    }),
  ]);
  expect(answers).toEqual(['BatchFailed: 1 blobs could not be written. The batch is tried again.', 'settled']);

  const [tokens, puts] = ['GET ', 'PUT '].map((method) => (requests as Request[]).filter(({ line }) => line.startsWith(method)));
  expect(tokens![0]).toMatchObject({
    line: expect.stringMatching(/resource=https%3A%2F%2Fstorage\.azure\.com&client_id=client-of-function$/),
    headers: { 'x-identity-header': 'secret of the app' },
  });
  const folder = 'year%3D2026/month%3D01/day%3D31/hour%3D08';
  const object = `PUT /events/${folder}/acme-orders-reader-p3-40-40.ndjson`;
  expect(puts!.map(({ line }) => line).sort()).toEqual([`PUT /dead-letter/${folder}/acme-orders-reader-p3-41.json`, object, object]);
  expect(puts!.findLast(({ line }) => line === object)).toMatchObject({
    headers: { authorization: 'Bearer a token', 'x-ms-blob-type': 'BlockBlob', 'x-ms-blob-content-type': 'application/x-ndjson' },
    body: `${JSON.stringify(good)}\n`,
  });
  expect(JSON.parse(puts!.find(({ line }) => line.includes('dead-letter'))!.body)).toMatchObject({
    position: { partition: '3', sequenceNumber: '41', enqueued: '2026-01-31T08:30:00.125Z' },
    payload: '{"specversion":"1.0"}',
  });
});

test('a store that takes a request and never answers costs minutes, and then the event is in the dead letter', async () => {
  const { requests, answers } = await run([invocation([good], 5)], ({ line }) => (line.startsWith('PUT /events/') ? 'silence' : 201));
  expect(answers).toEqual(['settled']);
  const letter = (requests as Request[]).find(({ line }) => line.startsWith('PUT /dead-letter/'))!;
  expect(JSON.parse(letter.body).reason).toMatch(/^Not stored: AbortError: /);
});

test('the package holds what the Functions host looks for, and the bundle stays small', () => {
  const files = unzipSync(readFileSync(packageHandler('azure/handlers/event-hubs-to-blob').zip));
  expect(Object.keys(files).sort()).toEqual(['host.json', 'index.js', 'package.json']);
  const json = (name: string) => JSON.parse(Buffer.from(files[name]!).toString());
  expect(json('package.json').main).toBe('index.js');
  expect(json('host.json').extensions.eventHubs.initialOffsetOptions.type).toBe('fromStart');
  expect(files['index.js']!.length).toBeLessThan(1024 * 1024);
});
