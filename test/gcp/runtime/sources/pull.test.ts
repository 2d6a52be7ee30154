import { App, Testing } from 'cdktf';
import { GcpPublishingToBigQuery } from '../../../../gcp/architectures/publishing-to-bigquery';
import { bigQuerySink } from '../../../../gcp/runtime/sinks/bigquery';
import { type Item, pullAll } from '../../../../gcp/runtime/sources/pull';
import { StorageWriteStandIn } from '../../../../local/gcp/bigquery/storage-write';
import type { TerraformJson } from '../../../support/cdktf';
import { temporaryFolder } from '../../../support/folder';
import { STARTED, startJob, ToolStandIn } from './pull/tool';

/** A process starts in some of these tests. */
jest.setTimeout(60_000);

const template: TerraformJson = JSON.parse(
  Testing.synth(new GcpPublishingToBigQuery(new App({ outdir: temporaryFolder() }), 'publishing'), true),
);
const { schema } = Object.values(template.resource!.google_bigquery_table!).find((table) => table.schema)!;
/** The client looks for credentials though it needs none. It must not find those of whoever runs the tests. */
const NO_CREDENTIALS = { METADATA_SERVER_DETECTION: 'none', GCE_METADATA_HOST: '127.0.0.1:1' };
const STAGING = { STAGING_PROJECT: 'acme-data', STAGING_DATASET: 'acme_staging', STAGING_TABLE: 'events' };

let storage: StorageWriteStandIn;
beforeAll(async () => {
  const name = 'projects/acme-data/datasets/acme_staging/tables/events';
  storage = await new StorageWriteStandIn(JSON.parse(schema), { name, partitionedBy: 'event_time' }).start();
});
afterAll(() => storage.stop());
const environment = process.env;
beforeEach(() => {
  storage.rows.length = 0;
  storage.fate = () => ({ appendResult: {} });
  process.env = { ...environment, ...NO_CREDENTIALS, ...STAGING, ...STARTED, BIGQUERY_STORAGE_ENDPOINT: storage.address };
});
afterEach(() => {
  process.env = environment;
});

const guide = (id: string, row: object = {}): Item => ({ id, row: { title: `Guide ${id}`, status: 'draft', ...row } });
const pull = (...items: readonly Item[]) =>
  pullAll({
    pull: async function* () {
      yield* items;
    },
    sink: bigQuerySink('STAGING'),
    source: 'https://tool.example',
  });
const items = () => storage.rows.filter(({ event_type }) => event_type === 'item.pulled');
const ends = () => storage.rows.filter(({ event_type }) => event_type === 'run.completed');

describe('a run', () => {
  test('has a row for each item, and a last row that says how many there are', async () => {
    expect(await pull(guide('1'), guide('2'))).toEqual({ run: 'acme-pull-x7k2p-0', rows: 2 });
    expect(items().map(({ event_id, title, status }) => [event_id, title, status])).toEqual([
      ['1', 'Guide 1', 'draft'],
      ['2', 'Guide 2', 'draft'],
    ]);
    expect(storage.rows.at(-1)).toMatchObject({ event_type: 'run.completed', event_id: 'acme-pull-x7k2p-0', rest: '{"rows":2}' });
  });

  test('has one name, one time, and one source in all of its rows', async () => {
    const before = Date.now() * 1000;
    await pull(guide('1'), guide('2'));
    expect(storage.rows).toHaveLength(3);
    const { event_time } = storage.rows[0]!;
    expect(Number(event_time)).toBeGreaterThanOrEqual(before);
    for (const row of storage.rows) {
      expect(row).toMatchObject({ message_id: 'acme-pull-x7k2p-0', event_source: 'https://tool.example', event_time });
    }
  });

  test('has another name if its task is tried again', async () => {
    process.env.CLOUD_RUN_TASK_ATTEMPT = '1';
    expect(await pull(guide('1'))).toMatchObject({ run: 'acme-pull-x7k2p-1' });
    expect(ends().map(({ event_id }) => event_id)).toEqual(['acme-pull-x7k2p-1']);
  });

  test('has an item twice that comes twice', async () => {
    await pull(guide('1'), guide('2'), guide('2', { status: 'done' }));
    expect(items().map(({ event_id, row_index, status }) => [event_id, row_index, status])).toEqual([
      ['1', 0n, 'draft'],
      ['2', 0n, 'draft'],
      ['2', 1n, 'done'],
    ]);
    expect(ends()[0]).toMatchObject({ rest: '{"rows":3}' });
  });

  test('keeps a field without a column in rest', async () => {
    await pull(guide('7', { words: 12345678901234567n, published_at: '2026-01-31T08:30:00+01:00' }));
    expect(items()[0]).toMatchObject({ rest: '{"words":12345678901234567}', published_at: 1_769_844_600_000_000n });
  });

  test('without items is complete', async () => {
    await pull();
    expect(storage.rows.map(({ rest }) => rest)).toEqual(['{"rows":0}']);
  });

  test('writes more items than go together', async () => {
    await pull(...Array.from({ length: 1203 }, (_, index) => guide(String(index))));
    expect(new Set(items().map(({ event_id }) => event_id)).size).toBe(1203);
    expect(storage.rows.at(-1)).toMatchObject({ rest: '{"rows":1203}' });
  });
});

describe('a run is never complete', () => {
  const fails = async (reason: string | RegExp, ...given: readonly Item[]) => {
    await expect(pull(...given)).rejects.toThrow(reason);
    expect(ends()).toEqual([]);
  };

  test.each([
    ['without an id', ''],
    ['with a long id', 'x'.repeat(257)],
    ['with a number for an id', 5 as never],
    ['with the name of the run', 'acme-pull-x7k2p-0'],
  ])('if an item is %s', (_, id) =>
    fails('the id of an item must be a text of 1 to 256 characters, and not the name of the run', guide('1'), guide(id)),
  );
  test('if a value does not fit its column: the reason names the item', () =>
    fails('2: PermanentError: column title of type STRING cannot hold this number', guide('1'), guide('2', { title: 5 })));
  test('if BigQuery takes no rows', () => {
    storage.fate = () => ({ error: { code: 8, message: 'quota' } });
    return fails('8: quota', guide('1'));
  });
  test('if BigQuery takes some rows', () => {
    storage.fate = ([row]) => (row!.event_id === '2' ? { error: { code: 8, message: 'quota' } } : { appendResult: {} });
    return fails('8: quota', guide('1'), guide('2'), guide('3'));
  });
  test('if the tool fails half-way', async () => {
    const broken = async function* () {
      yield guide('1');
      throw new Error('no more');
    };
    await expect(pullAll({ pull: broken, sink: bigQuerySink('STAGING'), source: 'x' })).rejects.toThrow('no more');
    expect(ends()).toEqual([]);
  });
  test('as one of several tasks, which would each pull everything', () => {
    process.env.CLOUD_RUN_TASK_COUNT = '2';
    return fails('a pull must be one task, got 2', guide('1'));
  });
  test('outside of a job of Cloud Run', () => {
    delete process.env.CLOUD_RUN_EXECUTION;
    return fails('a pull must run as a job of Cloud Run, which names its executions', guide('1'));
  });
});

describe('startJob: the handler as it ships', () => {
  let tool: ToolStandIn;
  beforeAll(async () => {
    tool = await new ToolStandIn().start();
    const guides = [1, 2, 3].map((id) => ({ id, title: `Guide ${id}`, words: 800 }));
    tool.pages = [guides.slice(0, 2), guides.slice(2)];
  });
  const start = (env: Readonly<Record<string, string | undefined>> = {}) =>
    startJob({
      ...STAGING,
      PULL_URL: `${tool.url}/guides?page=1`,
      PULL_TOKEN: 'secret-token',
      BIGQUERY_STORAGE_ENDPOINT: storage.address,
      ...env,
    });

  test('pulls all pages with the token, ends with 0, and says how many items there were', async () => {
    const { code, log, errors } = await start();
    expect([code, errors]).toEqual([0, '']);
    expect(JSON.parse(log)).toEqual({ severity: 'INFO', message: 'The run is complete.', run: 'acme-pull-x7k2p-0', rows: 3 });
    const pulled = items().filter(({ event_source }) => event_source === tool.url);
    expect(pulled.map(({ event_id, title }) => [event_id, title])).toEqual([
      ['1', 'Guide 1'],
      ['2', 'Guide 2'],
      ['3', 'Guide 3'],
    ]);
    expect(tool.asked).toEqual(['GET /guides?page=1 Bearer secret-token', 'GET /guides?page=2 Bearer secret-token']);
  });

  test('ends with 1 if it fails, and says why in one line, without the token', async () => {
    tool.fate = (page) => (page === 2 ? { status: 403 } : undefined);
    const { code, log } = await start();
    expect([code, ends()]).toEqual([1, []]);
    expect(JSON.parse(log)).toEqual({
      severity: 'ERROR',
      message: 'The pull has failed. Nothing of it counts.',
      error: 'Error: the API answered 403',
    });
  });

  test('ends with 1 if a guide has no id, which would become the text undefined', async () => {
    const { pages } = tool;
    tool.fate = () => undefined;
    tool.pages = [[{ id: 1 }, { title: 'No id' }]];
    const { code, log } = await start();
    tool.pages = pages;
    expect([code, ends()]).toEqual([1, []]);
    expect(JSON.parse(log).error).toBe('Error: a guide must have an id, which is a text or a number');
  });

  test('does not start without a setting, and says which is missing', async () => {
    const names = [...Object.keys(STAGING), 'PULL_URL', 'PULL_TOKEN'];
    const started = await Promise.all(names.map((name) => start({ [name]: undefined })));
    started.forEach(({ code, log, errors }, index) => {
      expect(code).toBe(1);
      expect(log + errors).toContain(`The setting ${names[index]} is missing.`);
    });
  });

  test('has all that it reads in the template, and nothing that it does not read', () => {
    const [job] = Object.values(template.resource!.google_cloud_run_v2_job!) as any[];
    const names = job.template.template.containers[0].env.map(({ name }: { name: string }) => name);
    expect(names.sort()).toEqual([...Object.keys(STAGING), 'PULL_URL', 'PULL_TOKEN'].sort());
  });
});
