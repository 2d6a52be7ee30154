import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { App, Testing } from 'cdktf';
import { strFromU8, unzipSync } from 'fflate';
import { GcpPipeline } from '../../../gcp/architectures/pipeline';
import type { Message } from '../../../gcp/handlers/pub-sub-to-bigquery/handler';
import { type SchemaField, StorageWriteStandIn } from '../../../local/gcp/bigquery/storage-write';
import { packageHandler } from '../../../shared/synth/handler-package';
import type { TerraformJson } from '../../support/cdktf';
import { temporaryFolder } from '../../support/folder';
import { loopback } from '../../support/loopback';

const folder = temporaryFolder();
const files = unzipSync(readFileSync(packageHandler('gcp/handlers/pub-sub-to-bigquery').zip));
writeFileSync(path.join(folder, 'index.js'), files['index.js']!);

const json: TerraformJson = JSON.parse(Testing.synth(new GcpPipeline(new App({ outdir: temporaryFolder() }), 'gcp-pipeline'), true));
const [fn] = Object.values(json.resource!.google_cloudfunctions2_function!);
const table = Object.values(json.resource!.google_bigquery_table!).find(({ schema }) => schema);
const schema: SchemaField[] = JSON.parse(table!.schema);

const settings = {
  STORE_PROJECT: 'acme-data',
  STORE_DATASET: 'acme_events',
  STORE_TABLE: 'events',
  DEAD_LETTER_TOPIC: 'projects/acme-data/topics/acme-events-dead-letter',
  DEAD_LETTER_ENDPOINT: '127.0.0.1:1',
};

/** Nobody listens there. */
const NOBODY = '127.0.0.1:1';

/** No credentials of this machine are found, and nobody is asked for some: no server, and no gcloud. */
const sealed = { HOME: folder, PATH: folder, CLOUDSDK_CONFIG: folder, GCE_METADATA_HOST: NOBODY, GOOGLE_APPLICATION_CREDENTIALS: '' };

/** The functions framework in a few lines: a body of JSON, a query, and the exported function. */
const FRAMEWORK = `
const { handler } = require('./index.js');
const server = require('node:http').createServer(async (req, res) => {
  const body = JSON.parse(Buffer.concat(await req.toArray()).toString());
  const query = Object.fromEntries(new URL(req.url, 'http://function').searchParams);
  const status = (code) => ({ end: () => res.writeHead(code).end() });
  handler({ body, query }, { status });
});
server.listen(0, '127.0.0.1', () => console.log('listening on ' + server.address().port));
`;

const children: ChildProcess[] = [];
const standIns: StorageWriteStandIn[] = [];
afterAll(async () => {
  for (const child of children) child.kill();
  await Promise.all(standIns.map((standIn) => standIn.stop()));
});

/** Starts the bundle in a process of its own, with this environment and no other. */
async function start(env: Readonly<Record<string, string>>) {
  const child = spawn(process.execPath, ['-e', FRAMEWORK], { cwd: folder, env: { ...sealed, ...env } });
  children.push(child);
  let output = '';
  const port = await new Promise<number | undefined>((resolve) => {
    const hear = (chunk: Buffer) => {
      output += chunk;
      const [, found] = /listening on (\d+)/.exec(output) ?? [];
      if (found) resolve(Number(found));
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.on('exit', () => resolve(undefined));
  });
  return { port, output: () => output };
}

/** The function, with stand-ins for all that it reaches for. The stand-in for the metadata server has a token of no worth. */
async function deployed({ storage = true, emulator = true } = {}) {
  const standIn = await new StorageWriteStandIn(schema).start();
  standIns.push(standIn);
  const published: Message[] = [];
  const pubSub = await loopback(({ method, url }, body) => {
    if (`${method} ${url}` !== `POST /v1/${settings.DEAD_LETTER_TOPIC}:publish`) return { status: 404 };
    published.push(...JSON.parse(body.toString()).messages);
    return { status: 200, body: '{"messageIds":["1"]}' };
  });
  const metadata: string[] = [];
  const metadataServer = await loopback(({ url }) => {
    metadata.push(url!);
    const headers = { 'metadata-flavor': 'Google', 'content-type': 'application/json' };
    return {
      status: 200,
      headers,
      body: url!.includes('/token') ? '{"access_token":"worthless","expires_in":3600,"token_type":"Bearer"}' : '{}',
    };
  });
  const { port, output } = await start({
    ...settings,
    BIGQUERY_STORAGE_ENDPOINT: storage ? standIn.address : NOBODY,
    ...(emulator && { PUBSUB_EMULATOR_HOST: new URL(pubSub).host }),
    GCE_METADATA_HOST: new URL(metadataServer).host,
  });
  const push = async (data: string, deliveryAttempt = 1, messageId = '7', publishTime = '2026-01-31T08:30:00.25Z') => {
    const message = {
      data: Buffer.from(data).toString('base64'),
      messageId,
      publishTime,
      attributes: { a: 'b' },
    };
    const body = JSON.stringify({ message, subscription: 'projects/acme-data/subscriptions/acme-events-processing', deliveryAttempt });
    return (await fetch(`http://127.0.0.1:${port}/?maxDeliveryAttempts=6`, { method: 'POST', body })).status;
  };
  return { push, standIn, published, metadata, output };
}

const event = (id: string, extra: object = {}) =>
  JSON.stringify({
    specversion: '1.0',
    id,
    source: '/test',
    type: 'test',
    time: '2026-01-31T09:29:59.1234567+01:00',
    data: { of: 'ü' },
    ...extra,
  });

test('the template gives the function the settings that it reads, and no other', () => {
  expect(Object.keys(fn!.service_config.environment_variables).sort()).toEqual(Object.keys(settings).sort());
});

describe('with the real client on the wire', () => {
  let running: Awaited<ReturnType<typeof deployed>>;
  beforeAll(async () => {
    running = await deployed();
  });
  beforeEach(() => {
    running.standIn.rows.length = 0;
    running.standIn.fate = () => ({ appendResult: {} });
    running.published.length = 0;
  });

  test('an event becomes a row of the table, digit for digit', async () => {
    const data = '{"big":12345678901234567890,"text":"ü\\u0000"}';
    expect(await running.push(event('1').replace('{"of":"ü"}', data))).toBe(204);
    expect(running.standIn.rows).toEqual([
      {
        event_id: '1',
        event_source: '/test',
        event_type: 'test',
        event_time: BigInt(Date.UTC(2026, 0, 31, 8, 29, 59)) * 1000n + 123_456n,
        row_index: 0n,
        message_id: '7',
        publish_time: BigInt(Date.UTC(2026, 0, 31, 8, 30)) * 1000n + 250_000n,
        data,
        rest: '{"time":"2026-01-31T09:29:59.1234567+01:00"}',
      },
    ]);
  });

  test('a time that a double cannot hold keeps its microseconds', async () => {
    for (const time of ['9999-12-31T23:59:59.999999Z', '0001-01-01T00:00:00.000001Z'])
      await running.push(event('1', { time }), 1, '7', time);
    expect(running.standIn.rows.map(({ event_time }) => event_time)).toEqual([253_402_300_799_999_999n, -62_135_596_799_999_999n]);
  });

  test('all calls share one connection', async () => {
    const answers = await Promise.all(Array.from({ length: 40 }, (_, place) => running.push(event(String(place)), 1, String(place))));
    expect(new Set(answers)).toEqual(new Set([204]));
    expect(running.standIn.rows).toHaveLength(40);
    expect(running.standIn.asked).toEqual({ connections: 1, schema: 1 });
  });

  test('a poison event goes to the dead letter as it came, with the reason', async () => {
    expect(await running.push('poison')).toBe(204);
    expect(running.published).toEqual([
      {
        data: Buffer.from('poison').toString('base64'),
        attributes: {
          a: 'b',
          deadLetterReason: expect.stringMatching(/^SyntaxError: /),
          deadLetterSubscription: 'projects/acme-data/subscriptions/acme-events-processing',
          deadLetterMessageId: '7',
          deadLetterPublishTime: '2026-01-31T08:30:00.25Z',
          deadLetterDeliveryAttempt: '1',
        },
      },
    ]);
    expect(running.standIn.rows).toEqual([]);
  });

  test('a row that the table refuses goes to the dead letter, and its neighbours land', async () => {
    running.standIn.fate = ([row]) =>
      row!.event_id === 'bad'
        ? {
            error: { code: 3, message: 'Errors found while processing rows.' },
            rowErrors: [{ index: 0, code: 1, message: 'no such place' }],
          }
        : { appendResult: {} };
    expect(await Promise.all(['1', 'bad', '2'].map((id) => running.push(event(id), 1, id)))).toEqual([204, 204, 204]);
    expect(running.standIn.rows.map(({ event_id }) => event_id)).toEqual(['1', '2']);
    expect(running.published.map(({ attributes }) => attributes!.deadLetterReason)).toEqual(['PermanentError: row 0: no such place']);
  });

  test('an append that fails is tried again, and the last time goes to the dead letter', async () => {
    running.standIn.fate = () => ({ error: { code: 8, message: 'quota' } });
    expect(await running.push(event('1'), 5)).toBe(503);
    expect(running.published).toEqual([]);
    expect(await running.push(event('1'), 6)).toBe(204);
    expect(running.published.map(({ attributes }) => attributes!.deadLetterReason)).toEqual(['Error: 8: quota']);
  });

  test('when the connection breaks no call counts as written that was not, and the next one has another connection', async () => {
    const { asked } = running.standIn;
    const before = asked.connections;
    running.standIn.fate = ([row]) => (row!.event_id === 'last' ? 'breaks' : 'hangs');
    const hanging = ['1', '2', '3'].map((id) => running.push(event(id)));
    expect(await Promise.all([...hanging, running.push(event('last'))])).toEqual([503, 503, 503, 503]);

    running.standIn.fate = () => ({ appendResult: {} });
    expect(await Promise.all(['4', '5'].map((id) => running.push(event(id))))).toEqual([204, 204]);
    expect(running.standIn.rows.map(({ event_id }) => event_id).sort()).toEqual(['4', '5']);
    expect(asked.connections).toBe(before + 1);
  });

  test('a column that is added to the table is filled once the table has said so', async () => {
    const added = { name: 'celsius', type: 'FLOAT', mode: 'NULLABLE' };
    running.standIn.schema = [...schema, added];
    running.standIn.fate = () => ({ appendResult: {}, updatedSchema: { fields: [] } });
    await running.push(event('1', { celsius: 20 }));
    await running.push(event('2', { celsius: 20 }));
    expect(running.standIn.rows.map(({ celsius, rest }) => [celsius, JSON.parse(String(rest)).celsius])).toEqual([
      [undefined, 20],
      [20, undefined],
    ]);
  });

  test('nobody is asked for a token while everything stands on this machine', () => {
    expect(running.metadata.filter((url) => url.includes('token'))).toEqual([]);
  });
});

test('while nothing can be reached the message comes again, whatever it is, and a token is asked for', async () => {
  const { push, metadata, output } = await deployed({ storage: false, emulator: false });
  expect(await Promise.all([push(event('1')), push('poison'), push(event('1'), 6)])).toEqual([503, 503, 503]);
  expect(metadata.some((url) => url.includes('/token'))).toBe(true);
  expect(output()).toContain('"message":"The table was not reached. The message comes again."');
  expect(output()).toContain('"message":"The dead letter was not reached. The message comes again."');
});

describe('a function that cannot work says what to do', () => {
  test('without any of its settings', async () => {
    const missing = Object.keys(settings);
    const outputs = await Promise.all(missing.map(async (name) => (await start({ ...settings, [name]: '' })).output()));
    missing.forEach((name, index) => {
      expect(outputs[index]).toContain(`Error: The setting ${name} is missing.`);
    });
  });

  test('with an address without a port', async () => {
    const { output } = await start({ ...settings, BIGQUERY_STORAGE_ENDPOINT: 'bigquery.example' });
    expect(output()).toContain('Error: BIGQUERY_STORAGE_ENDPOINT must be a host and a port, got "bigquery.example".');
  });

  test('with an emulator that is not on this machine', async () => {
    const { port, output } = await start({ ...settings, PUBSUB_EMULATOR_HOST: 'pubsub.example:80' });
    expect(port).toBeUndefined();
    expect(output()).toContain('Error: PUBSUB_EMULATOR_HOST must be on this machine, got "pubsub.example:80".');
  });
});

describe('the package', () => {
  test('holds the bundle, and what the platform installs beside it', () => {
    expect(Object.keys(files).sort()).toEqual(['index.js', 'package-lock.json', 'package.json']);
    expect(JSON.parse(strFromU8(files['package.json']!)).dependencies).toEqual({ '@google-cloud/functions-framework': '5.0.5' });
    const lock = strFromU8(files['package-lock.json']!);
    expect(JSON.parse(lock).packages[''].dependencies).toEqual({ '@google-cloud/functions-framework': '5.0.5' });
    expect(lock).not.toContain('resolved');
  });

  test('is under 3.5 MB and names no folder of this machine', () => {
    expect(files['index.js']!.length).toBeLessThan(3_500_000);
    expect(strFromU8(files['index.js']!)).not.toContain(path.join(__dirname, '../../..'));
  });
});
