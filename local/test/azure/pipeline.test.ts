import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { readAzure } from '../../azure/blueprint';
import { CALM, type Chaos, type WriteFate } from '../../chaos';
import type { Fault } from '../../faults';
import { Pace } from '../../pace';
import type { Letter, Platform, Receipt, StoredRow, Witness } from '../../platform';
import { all } from '../all';
import { temporaryFolder } from '../folder';
import { mutated, runOnce, synthesized } from '../support';

const HUB = 'azurerm_eventhub';
const APP = 'azurerm_function_app_flex_consumption';
const SETTINGS = 'AzureFunctionsJobHost__extensions__eventHubs__';

/** The only resource of its type. */
const only = (template: any, type: string) => Object.values<any>(template.resource[type])[0];
const set = (settings: Record<string, string>) => (template: any) => Object.assign(only(template, APP).app_settings, settings);

const event = (id: string, more = {}) =>
  Buffer.from(
    JSON.stringify({ specversion: '1.0', id, source: '/press', type: 'com.example.heated', time: '2026-01-31T08:30:00Z', ...more }),
  );

const platforms: Platform[] = [];
afterAll(() => Promise.all(platforms.map((platform) => platform.stop())));

type Running = Awaited<ReturnType<typeof up>>;
const idsOf = (rows: readonly StoredRow[]) => rows.map((row) => row.event!.id).sort();

/** A platform that is up, with what its witness heard. */
async function up(folder: string, chaos: Partial<Chaos> = {}) {
  const batches: { positions: readonly string[]; attempt: number }[] = [];
  const outcomes: string[] = [];
  const stored: StoredRow[] = [];
  const letters: Letter[] = [];
  const witness: Witness = {
    arrived: () => () => {},
    made: () => {},
    delivered: (batch) => void batches.push(batch),
    answered: ({ outcome }) => void outcomes.push(outcome),
    stored: (rows) => void stored.push(...rows),
    deadLettered: (letter) => void letters.push(letter),
    incident: () => {},
    broken: () => {},
    log: () => {},
  };
  const surroundings = { folder: temporaryFolder(), witness, chaos: { ...CALM, ...chaos }, pace: new Pace(6000) };
  const platform = await (await readAzure(folder)).start(surroundings);
  platforms.push(platform);
  const settled = async () => {
    while (platform.unsettled() > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  return { platform, batches, outcomes, stored, letters, settled };
}

describe('as it is synthesized', () => {
  let running: Running;
  let fate: WriteFate = 'take';
  beforeAll(async () => {
    running = await up(synthesized('azure'), { write: () => fate });
  });
  afterAll(() => running.platform.stop());

  test('what is sent ends in the store or in the dead letter, and lies there as plain files', async () => {
    const { platform, settled, stored, letters } = running;
    const receipts: Receipt[] = await Promise.all(
      [event('1'), event('2', { partitionkey: 'a' }), Buffer.from('no JSON')].map((body) => platform.send(body)),
    );
    expect(new Set(receipts.map((receipt) => receipt.accepted && receipt.position)).size).toBe(3);
    await settled();

    const rows = await all(platform.rows());
    expect(idsOf(rows)).toEqual(['1', '2']);
    expect(idsOf(stored)).toEqual(['1', '2']);
    expect(await platform.letters()).toEqual(letters);
    expect(letters).toEqual([{ bytes: Buffer.from('no JSON'), reason: expect.stringContaining('SyntaxError'), place: expect.any(String) }]);
    expect(gunzipSync(readFileSync(path.join(platform.places.store, rows[0]!.place))).toString()).toContain(rows[0]!.text);
    expect(JSON.parse(readFileSync(path.join(platform.places.deadLetter, letters[0]!.place), 'utf8')).payload).toBe('no JSON');
  });

  test('a person sends with the command that is shown', async () => {
    const { platform, settled } = running;
    const { stdout } = await promisify(execFile)('/bin/sh', ['-c', platform.places.send]);
    expect(stdout).toMatch(/^HTTP\/1.1 201 Created/);
    await settled();
    expect(idsOf(await all(platform.rows()))).toContain('mine-1');
    const url = /http:\S+/.exec(platform.places.send)![0];
    expect((await fetch(url.replace('/events/', '/others/'), { method: 'POST', body: 'x' })).status).toBe(404);
    expect((await fetch(url)).status).toBe(405);
  });

  test('an event that is too large is turned away at the door, and one that just fits is stored', async () => {
    const { platform, settled } = running;
    const limit = 1024 * 1024;
    const tooLarge = { accepted: false, reason: `Larger than ${limit} bytes, the limit of Event Hubs.` };
    expect(await platform.send(event('too large', { data: 'x'.repeat(limit) }))).toEqual(tooLarge);
    expect(await platform.send(event('large', { data: 'x'.repeat(limit - 1000) }))).toMatchObject({ accepted: true });
    await settled();
    expect(idsOf(await all(platform.rows()))).toEqual(expect.arrayContaining(['large']));
    expect(idsOf(await all(platform.rows()))).not.toContain('too large');
  });

  test('a store that refuses has six tries, and then the event is in the dead letter', async () => {
    const { platform, batches, outcomes, letters, settled } = running;
    fate = 'refuse';
    for (const list of [batches, outcomes, letters]) list.length = 0;
    await platform.send(event('refused'));
    await settled();
    expect(batches.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(outcomes).toEqual(['again', 'again', 'again', 'again', 'again', 'settled']);
    expect(letters.map(({ reason }) => reason)).toEqual([expect.stringMatching(/^Not stored: .*disabled/)]);
  });
});

test.each<Fault>(['store-down', 'burst', 'resplit', 'restart'])('with the fault %s nothing is lost', async (fault) => {
  const { balance } = await runOnce({ cloud: 'azure', fault, count: 60 });
  expect(balance).toMatchObject({ accepted: 60, faults: [] });
});

test('the process can end by itself after a platform was stopped, and nothing of it is left', async () => {
  const script = path.join(temporaryFolder(), 'run.ts');
  const quoted = (name: string) => JSON.stringify(path.resolve(__dirname, '../../', name));
  writeFileSync(
    script,
    `import { readAzure } from ${quoted('azure/blueprint')};
     import { Pace } from ${quoted('pace')};
     import { CALM } from ${quoted('chaos')};
     const nothing = () => {};
     const witness = { arrived: () => nothing, delivered: nothing, answered: nothing, stored: nothing, deadLettered: nothing, incident: nothing, broken: nothing, log: nothing };
     (async () => {
       const platform = await (await readAzure(process.argv[2])).start({ folder: process.argv[3], witness, chaos: CALM, pace: new Pace() });
       await platform.send(Buffer.from('x'));
       await platform.stop();
       console.log('stopped');
     })();`,
  );
  const loader = require.resolve('tsx', { paths: [path.resolve(__dirname, '../../..')] });
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', loader, script, synthesized('azure'), temporaryFolder()], {
    timeout: 30_000,
  });
  expect(stdout).toBe('stopped\n');
});

describe('the template drives: with', () => {
  test('one partition and batches of one, each delivery has one event, in the order in which they came', async () => {
    const folder = mutated('azure', (template) => {
      Object.assign(only(template, HUB), { partition_count: 1 });
      set({ [`${SETTINGS}maxEventBatchSize`]: '1', [`${SETTINGS}minEventBatchSize`]: '1' })(template);
    });
    const { platform, batches, settled } = await up(folder);
    for (const id of ['1', '2', '3']) expect(await platform.send(event(id))).toEqual({ accepted: true, position: `0/${Number(id) - 1}` });
    await settled();
    expect(batches.map(({ positions }) => positions)).toEqual([['0/0'], ['0/1'], ['0/2']]);
    await platform.stop();
  });

  test('no retries, an event that the store refuses is in the dead letter at once', async () => {
    const { platform, batches, letters, settled } = await up(mutated('azure', set({ EVENTS_MAX_RETRIES: '0' })), { write: () => 'refuse' });
    await platform.send(event('1'));
    await settled();
    expect([batches.length, letters.length]).toEqual([1, 1]);
    await platform.stop();
  });

  test('a dead letter that is not there, nothing is given up, and the batch comes again without end', async () => {
    const { platform, batches, outcomes } = await up(mutated('azure', set({ DEAD_LETTER_CONTAINER: 'nothing', EVENTS_MAX_RETRIES: '1' })));
    await platform.send(Buffer.from('no JSON'));
    while (batches.length < 5) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(new Set(outcomes)).toEqual(new Set(['again']));
    await platform.stop();
  });

  test.each([
    ['a setting under another name', rename('STORE_CONTAINER'), /does not load: .*STORE_CONTAINER/],
    ['another consumer group', set({ EVENTS_CONSUMER_GROUP: 'other' }), /the hub has no other, only \$Default, local-func-[0-9a-f]{8}/],
    ['another hub', set({ EVENTS_HUB: 'other' }), /other is not events, the hub of this template/],
    ['another namespace', set({ EVENTS__fullyQualifiedNamespace: 'other.servicebus.windows.net' }), /the namespace of this template/],
    ['the identity of somebody else', set({ EVENTS__clientId: 'somebody' }), /the app has no identity with the client id somebody/],
    ['an identity that is not attached', (template: any) => (only(template, APP).identity.identity_ids = []), /no identity/],
    ['another host storage', set({ AzureWebJobsStorage__accountName: 'other' }), /other is not an account of this template/],
    ['a key for the host storage', set({ AzureWebJobsStorage: 'AccountKey=x' }), /a connection string is not emulated/],
    ['an empty key for the host storage', set({ AzureWebJobsStorage: '' }), /With an empty one, the host does not start/],
    [
      'nobody who takes out what the provider writes',
      (template: any) => {
        for (const command of Object.values<any>(template.resource.terraform_data)) delete command.lifecycle;
      },
      /no command deletes the connection string/,
    ],
    [
      'no container for the dead letter',
      (template: any) => {
        const containers = template.resource.azurerm_storage_container;
        delete containers[Object.keys(containers).find((name) => containers[name].name === 'dead-letter')!];
      },
      /there is no azurerm_storage_container\.\w+\.name in the template/,
    ],
    [
      'two hubs',
      (template: any) => (template.resource[HUB].Second = { ...only(template, HUB) }),
      /azurerm_eventhub: exactly one is emulated, and the template has 2/,
    ],
  ])('%s, nothing starts', async (_, edit, why) => {
    await expect(up(mutated('azure', edit as (template: any) => void))).rejects.toThrow(why);
  });
});

function rename(setting: string) {
  return (template: any) => {
    const settings = only(template, APP).app_settings;
    settings[`${setting}_2`] = settings[setting];
    delete settings[setting];
  };
}
