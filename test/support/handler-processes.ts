import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { CLIENT_ENVIRONMENT } from './aws-stand-ins';
import { temporaryFolder } from './folder';
import { FRAMEWORK } from './framework';

/** What calls the bundle as Lambda does, and writes its answer on the last line. It says of a bundle that does not load why, and not where: Node quotes the whole line. */
const SCRIPT = `
  process.on('uncaughtException', ({ stack }) => { console.error(stack); process.exitCode = 1; });
  const { handler } = require('./index.js');
  const event = JSON.parse(require('fs').readFileSync(0));
  handler(event, { getRemainingTimeInMillis: () => 60_000 }).then((answer) => console.log('\\n' + JSON.stringify(answer)));
`;

/** Calls a bundle in a folder as Lambda does, in a process of its own, with this environment and no other. */
export async function callOnLambda(folder: string, env: Readonly<Record<string, string>>, Records: readonly object[]) {
  const child = spawn(process.execPath, ['-e', SCRIPT], { cwd: folder, env: { ...CLIENT_ENVIRONMENT, ...env } });
  child.stdin.on('error', () => {}).end(JSON.stringify({ Records }));
  const [stdout, stderr] = await Promise.all(
    [child.stdout, child.stderr].map(async (stream) => Buffer.concat(await stream.toArray()).toString()),
  );
  return { answer: () => JSON.parse(stdout!.trim().split('\n').at(-1)!), stderr: stderr! };
}

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
AbortSignal.timeout = (limit) => timeout.call(AbortSignal, limit > 60_000 ? limit / 60 : limit);
const timers = require('node:timers/promises');
const { setTimeout: wait } = timers;
timers.setTimeout = (limit, ...rest) => wait(limit / 1000, ...rest);
require('./index.js');
const { metadata, callback } = core.registered;
(async () => {
  const answers = [];
  for (const request of JSON.parse(process.argv[2])) {
    for (const input of request.inputData) {
      input.name = Object.keys(metadata.bindings)[0];
      const { collectionBytes, bytes } = input.data;
      if (collectionBytes) collectionBytes.bytes = collectionBytes.bytes.map((one) => Buffer.from(one, 'base64'));
      else if (bytes) input.data.bytes = Buffer.from(bytes, 'base64');
    }
    const model = core.model.getInvocationModel({ invocationId: '1', metadata, request, log: () => {} });
    const { context, inputs } = await model.getArguments();
    answers.push(await model.invokeFunction(context, inputs, callback).then(() => 'settled', String));
  }
  console.log(JSON.stringify({ metadata, answers }));
})();
`;

/** One invocation, as the host puts it on the wire. */
export function invocation(events: readonly unknown[], retryCount: number) {
  const json = (value: unknown) => ({ json: JSON.stringify(value) });
  return {
    inputData: [{ data: { collectionBytes: { bytes: events.map((event) => Buffer.from(JSON.stringify(event)).toString('base64')) } } }],
    retryContext: { retryCount, maxRetryCount: -1 },
    triggerMetadata: {
      PartitionContext: json({ PartitionId: '3', EventHubName: 'orders', FullyQualifiedNamespace: 'acme.servicebus.windows.net' }),
      SequenceNumberArray: { collectionSint64: { sint64: events.map((_, index) => ({ low: 40 + index, high: 0, unsigned: false })) } },
      EnqueuedTimeUtcArray: json(events.map(() => '2026-01-31T08:30:00.125')),
    },
  };
}

/** One invocation with one message of a queue, as the host puts it on the wire. */
export function messageInvocation(event: unknown, triggerMetadata: Readonly<Record<string, unknown>>) {
  const bytes = Buffer.from(typeof event === 'string' ? event : JSON.stringify(event)).toString('base64');
  return { inputData: [{ data: { bytes } }], triggerMetadata };
}

/** A bundle as it is deployed on Azure, with the stand-ins for the host beside it: `node worker.js` with invocations brings them to it. */
export function deployedOnAzure(files: Readonly<Record<string, Uint8Array>>, code: string): string {
  const folder = temporaryFolder();
  for (const [name, content] of Object.entries({ ...files, 'index.js': code })) writeFileSync(path.join(folder, name), content);
  const core = path.join(folder, 'node_modules/@azure/functions-core');
  mkdirSync(core, { recursive: true });
  writeFileSync(path.join(core, 'index.js'), CORE);
  writeFileSync(path.join(folder, 'worker.js'), WORKER);
  return folder;
}

/** Nobody listens there. */
export const NOBODY = '127.0.0.1:1';
export const SUBSCRIPTION = 'projects/acme-data/subscriptions/acme-events-processing';

/** The environment in which a client of Google finds no credentials of this machine. */
export function sealedOnGcp(folder: string): Readonly<Record<string, string>> {
  return { HOME: folder, PATH: folder, CLOUDSDK_CONFIG: folder, GCE_METADATA_HOST: NOBODY, GOOGLE_APPLICATION_CREDENTIALS: '' };
}

const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children) child.kill();
});

/** Starts a bundle of GCP in a process of its own, with this environment and no other. No credentials of this machine are found. */
export async function startOnGcp(folder: string, env: Readonly<Record<string, string>>) {
  // Written once: a process that starts at the same time would read an empty file while it is written again.
  const server = path.join(folder, 'server.js');
  if (!existsSync(server)) writeFileSync(server, FRAMEWORK);
  const child = spawn(process.execPath, ['server.js'], { cwd: folder, env: { ...sealedOnGcp(folder), ...env } });
  children.push(child);
  const [output, faults]: [Buffer[], Buffer[]] = [[], []];
  child.stderr.on('data', (chunk) => faults.push(chunk));
  const port = await new Promise<number | undefined>((resolve) => {
    child.stdout.on('data', (chunk) => {
      output.push(chunk);
      const [, found] = /listening on (\d+)/.exec(String(chunk)) ?? [];
      if (found) resolve(Number(found));
    });
    child.on('close', () => resolve(undefined));
  });
  const push = async (data: string, deliveryAttempt = 1, messageId = '7') => {
    const message = {
      data: Buffer.from(data).toString('base64'),
      messageId,
      publishTime: '2026-01-31T08:30:00.25Z',
      attributes: { a: 'b' },
    };
    const body = JSON.stringify({ message, subscription: SUBSCRIPTION, deliveryAttempt });
    return (await fetch(`http://127.0.0.1:${port}/?maxDeliveryAttempts=6`, { method: 'POST', body })).status;
  };
  return { port, push, output: () => Buffer.concat([...output, ...faults]).toString() };
}
