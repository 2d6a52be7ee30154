import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { build } from 'esbuild';
import { replayCommand } from '../../../bin/replay/command';
import { containerClient } from '../../azure/blob/container-client';
import { balanceOf } from '../../balance';
import { readerOf } from '../../blueprints';
import { CALM, type WriteFate } from '../../chaos';
import { Ledger } from '../../ledger';
import { madeByTransform } from '../../made';
import { Pace } from '../../pace';
import type { Platform, Replay, Witness } from '../../platform';
import { CLOUDS, type Cloud, ROOT } from '../../state';
import { all } from '../all';
import { temporaryFolder } from '../folder';
import { mutated, synthesized } from '../support';

const HANDLERS: Record<Cloud, string> = { aws: 'kinesis-to-s3', azure: 'event-hubs-to-blob', gcp: 'pub-sub-to-bigquery' };
const MISSED = 'no such type yet';

/** The handler of a cloud, with a transform that does not know a type of events until a file is there: then it is mended. */
async function withAGap(cloud: Cloud, file: string): Promise<string> {
  const contents = `
    import { existsSync } from 'node:fs';
    import { PermanentError } from './event';
    export function transform(event) {
      if (event.type === 'test.missed' && !existsSync(${JSON.stringify(file)})) throw new PermanentError('${MISSED}');
      return event;
    }`;
  const { outputFiles } = await build({
    absWorkingDir: ROOT,
    entryPoints: [`${cloud}/handlers/${HANDLERS[cloud]}/main.ts`],
    bundle: true,
    platform: 'node',
    target: 'node20',
    external: ['@azure/functions-core'],
    define: { 'import.meta.url': 'bundleUrl' },
    banner: { js: 'const bundleUrl = require("node:url").pathToFileURL(__filename).href;' },
    write: false,
    plugins: [
      {
        name: 'a transform with a gap',
        setup: ({ onLoad }) =>
          onLoad({ filter: /shared\/runtime\/transform\.ts$/ }, () => ({
            contents,
            loader: 'ts',
            resolveDir: path.join(ROOT, 'shared/runtime'),
          })),
      },
    ],
  });
  return outputFiles![0]!.text;
}

/** `npm run replay` with the settings and the words that a platform shows. */
async function replayed({ settings, words }: Replay, state: string, ...more: readonly string[]) {
  const before = { ...process.env };
  Object.assign(process.env, settings);
  const printed: string[] = [];
  try {
    const code = await replayCommand([...words, '--state', state, ...more], {
      print: (text) => printed.push(text),
      azure: words[0] === 'azure' ? azureOf(settings) : undefined,
    });
    return { code, out: `${printed.join('\n')}\n` };
  } finally {
    process.env = before;
  }
}

/** A process trusts the certificate of the stand-in only when it is told so at its start: this one was not. */
function azureOf({ IDENTITY_ENDPOINT, IDENTITY_HEADER, AZURE_CLIENT_ID, NODE_EXTRA_CA_CERTS }: Replay['settings']) {
  const credential = {
    getToken: async (scopes: string | string[]) => {
      const resource = String(scopes).replace('/.default', '');
      const answer = await fetch(`${IDENTITY_ENDPOINT}?resource=${resource}&client_id=${AZURE_CLIENT_ID}`, {
        headers: { 'x-identity-header': IDENTITY_HEADER! },
      });
      const { access_token: token, expires_on } = (await answer.json()) as { access_token: string; expires_on: string };
      return { token, expiresOnTimestamp: Number(expires_on) * 1000 };
    },
  };
  const ca = readFileSync(NODE_EXTRA_CA_CERTS!, 'utf8');
  return { credential, container: (url: string) => containerClient(url, credential, ca) };
}

/** A platform whose store obeys, and whose code can be replaced. */
async function up(cloud: Cloud) {
  const data = temporaryFolder();
  const store: { fate: WriteFate } = { fate: 'take' };
  const nothing = () => {};
  const witness: Witness = {
    arrived: () => () => {},
    made: () => {},
    delivered: nothing,
    answered: nothing,
    stored: nothing,
    deadLettered: nothing,
    incident: nothing,
    broken: nothing,
    log: nothing,
  };
  const write = () => {
    const { fate } = store;
    if (fate === 'kill before') store.fate = 'take';
    return fate;
  };
  // Lambda tries for days, as the template says: here it gives up after some tries.
  const soon = (template: any) => {
    const mapping: any = Object.values<any>(template.Resources).find(({ Type }) => Type === 'AWS::Lambda::EventSourceMapping');
    mapping.Properties.MaximumRetryAttempts = 5;
  };
  const blueprint = await readerOf(cloud)(cloud === 'aws' ? mutated(cloud, soon) : synthesized(cloud));
  const platform = await blueprint.start({ folder: data, witness, chaos: { ...CALM, write }, pace: new Pace(1000) });
  const ledger = new Ledger(madeByTransform);
  if (platform.asRead) ledger.asRead = platform.asRead;
  let sent = 0;
  const send = async (type: string) => {
    sent += 1;
    const event = { specversion: '1.0', id: `e-${sent}`, source: '/test', type, time: new Date().toISOString(), data: { sent } };
    const body = Buffer.from(JSON.stringify(event));
    const entry = ledger.open({ kind: type, body });
    entry.receipt = await platform.send(body);
  };
  const [code] = globSyncIn(data, 'index.js');
  const deploy = async (text: string) => {
    writeFileSync(code!, text);
    store.fate = 'kill before';
    await send('test.any');
    await settled(platform);
  };
  return { platform, ledger, store, send, deploy };
}

function globSyncIn(folder: string, name: string): string[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => path.basename(file) === name);
  return files.map((file) => path.join(folder, file));
}

async function settled(platform: Platform) {
  while (platform.unsettled() > 0) await sleep(10);
}

async function until(isTrue: () => Promise<boolean>) {
  while (!(await isTrue())) await sleep(50);
}

/** All letters that some lines speak of. */
function lettersIn(out: string, line: RegExp): number {
  return [...out.matchAll(line)].reduce((sum, [, count]) => sum + Number(count), 0);
}

test.each(CLOUDS)(
  'on %s, after an outage and with a transform that is mended, a replay balances the books with an empty dead letter',
  async (cloud) => {
    const { platform, ledger, store, send, deploy } = await up(cloud);
    const mended = path.join(temporaryFolder(), 'mended');
    try {
      await deploy(await withAGap(cloud, mended));
      await Promise.all([1, 2, 3].map(() => send('test.missed')));
      await settled(platform);
      store.fate = 'refuse';
      await Promise.all([1, 2, 3, 4].map(() => send('test.any')));
      await settled(platform);
      expect(await platform.letters()).toHaveLength(7);
      store.fate = 'take';
      writeFileSync(mended, '');

      // On AWS dead letters lie in two places: what the handler found, and what Lambda gave up.
      expect(platform.replays).toHaveLength(cloud === 'aws' ? 2 : 1);
      const state = temporaryFolder();
      const everywhere = async (...more: readonly string[]) => {
        const said: string[] = [];
        for (const replay of platform.replays) {
          const { code, out } = await replayed(replay, state, ...more);
          expect(code).toBe(0);
          said.push(out);
        }
        return said;
      };
      const dry = (await everywhere()).join('');
      expect(dry).toContain('     3  PermanentError: no such type yet\n');
      expect(lettersIn(dry, /(\d+) dead letters would be sent to /g)).toBe(7);
      expect(await platform.letters()).toHaveLength(7);

      const some = (await everywhere('--yes', '--reason', 'No SUCH type')).join('');
      expect(lettersIn(some, /(\d+) dead letters sent/g)).toBe(3);
      expect(lettersIn(some, /(\d+) dead letters not selected/g)).toBe(4);

      expect(lettersIn((await everywhere('--yes')).join(''), /(\d+) dead letters sent/g)).toBe(4);
      expect(await platform.letters()).toEqual([]);
      for (const out of await everywhere('--yes')) expect(out).toMatch(/: 0 dead letters sent\n/);

      await until(async () => (await all(platform.rows())).length >= 8);
      await settled(platform);
      const balance = await balanceOf(ledger, {
        rows: platform.rows(),
        unique: platform.uniqueRows?.(),
        letters: await platform.letters(),
      });
      expect(balance).toMatchObject({ accepted: 8, stored: 8, deadLettered: {}, faults: [] });
    } finally {
      await platform.stop();
    }
  },
);
