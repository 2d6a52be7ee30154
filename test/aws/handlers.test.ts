import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { unzipSync } from 'fflate';
import { AwsPipeline } from '../../aws/architectures/pipeline';
import { packageHandler } from '../../shared/synth/handler-package';
import { CLIENT_ENVIRONMENT, deadLetterQueue, STORES, type StoreStandIn, s3 } from '../support/aws-stand-ins';
import { handlerCode } from '../support/bundled';
import type { Resource } from '../support/cdk';
import { temporaryFolder } from '../support/folder';
import { callOnLambda } from '../support/handler-processes';
import { BATCHES } from '../support/lambda-events';
import { expectEachNeeded } from '../support/needed-settings';

// Each call is a separate process, and PostgreSQL is slow to start.
jest.setTimeout(60_000);

const root = path.join(__dirname, '../..');
const names = readdirSync(path.join(root, 'aws/handlers'));

const event = (id: string) =>
  JSON.stringify({ specversion: '1.0', id, source: '/test', type: 'test', time: '2026-01-31T08:29:59Z', data: 'ü' });

describe.each(names)('%s', (name) => {
  const { zip, needs } = packageHandler(`aws/handlers/${name}`);
  const files = unzipSync(readFileSync(zip));
  const bundle = handlerCode(`aws/handlers/${name}`);
  const folder = temporaryFolder();
  writeFileSync(path.join(folder, 'index.js'), bundle);

  const stores: Record<string, StoreStandIn> = {};
  let queue: Awaited<ReturnType<typeof deadLetterQueue>>;
  /** The variables that the template sets: those of the stores, the dead letter and the name of the processor. */
  let settings: Record<string, string>;
  let endpoints: Record<string, string>;
  /** Where objects are that the records only name. */
  let source: Awaited<ReturnType<typeof s3>> | undefined;

  beforeAll(async () => {
    queue = await deadLetterQueue();
    settings = { DEAD_LETTER_QUEUE_URL: queue.url };
    if (bundle.includes('"PROCESSOR"')) settings.PROCESSOR = 'press';
    endpoints = { ...queue.environment };
    for (const [store, endings] of Object.entries(needs.stores)) {
      const standIn = await STORES[String(endings)]!();
      stores[store] = standIn;
      for (const ending of endings) settings[`${store}_${ending}`] = standIn.settings[ending]!;
      Object.assign(endpoints, standIn.environment);
      if ('put' in standIn) source = standIn as typeof source;
    }
    if (needs.source === 's3') {
      source ??= await s3();
      Object.assign(settings, { SOURCE_BUCKET: 'source', SOURCE_PREFIX: 'events/' });
      Object.assign(endpoints, source.environment);
    }
  });
  beforeEach(() => queue.messages.splice(0));

  const call = (given: Readonly<Record<string, string>>, Records: readonly object[]) =>
    callOnLambda(folder, { ...endpoints, ...given }, Records);

  const batchOf = (...payloads: string[]) => {
    const { objects = [], ...batch } = BATCHES[needs.source]!(payloads);
    for (const { bucket, key, content, version } of objects) source!.put(bucket, key, content, version);
    return batch;
  };

  const ids = async () =>
    Object.fromEntries(await Promise.all(Object.entries(stores).map(async ([store, { ids }]) => [store, await ids()])));
  const everywhere = (...stored: string[]) => Object.fromEntries(Object.keys(stores).map((store) => [store, stored]));

  test('is named after its source, which exists', () => {
    expect(name.startsWith(`${needs.source}-to-`)).toBe(true);
    expect(existsSync(path.join(root, 'aws/runtime/sources', `${needs.source}.ts`))).toBe(true);
  });

  test('while a store is down, the good event is reported as failed and nothing goes to the dead letter', async () => {
    const { Records, ids: failures } = batchOf(event('1'));
    for (const { set } of Object.values(stores)) set('before');
    const { answer } = await call(settings, Records);
    for (const { set } of Object.values(stores)) set('none');
    expect(answer()).toEqual({ batchItemFailures: [{ itemIdentifier: failures[0] }] });
    expect([await ids(), queue.messages]).toEqual([everywhere(), []]);
  });

  test('good events are stored, and a poison event is in the dead letter', async () => {
    const { answer } = await call(settings, batchOf(event('1'), 'poison', event('2')).Records);
    expect(answer()).toEqual({ batchItemFailures: [] });
    expect(await ids()).toEqual(everywhere('1', '2'));
    expect(queue.messages).toEqual([expect.objectContaining({ MessageBody: expect.stringMatching(/"payload":".*poison/) })]);
  });

  test('without any of its settings it does not start, and says which is missing', () =>
    expectEachNeeded(folder, settings, { ...CLIENT_ENVIRONMENT, ...endpoints }));

  test('is one file under 1 MB that names no folder of this machine', () => {
    expect(Object.keys(files)).toEqual(['index.js']);
    expect(bundle.length).toBeLessThan(1_000_000);
    expect(bundle).not.toContain(root);
  });
});

test('the template of the pipeline gives the function the settings that its handler reads, and no other', () => {
  const resources: Record<string, Resource> = Template.fromStack(new AwsPipeline(new App(), 'Test')).toJSON().Resources;
  const functions = Object.values(resources).filter(({ Type, Properties }) => Type === 'AWS::Lambda::Function' && Properties.Environment);
  expect(functions.map(({ Properties }) => Object.keys(Properties.Environment.Variables))).toEqual([
    ['PROCESSOR', 'STORE_BUCKET', 'STORE_PREFIX', 'DEAD_LETTER_QUEUE_URL'],
  ]);
});
