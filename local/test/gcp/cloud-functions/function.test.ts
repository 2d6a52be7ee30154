import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { CloudFunction, type FunctionSettings, runtimeEnv } from '../../../gcp/cloud-functions/function';
import { Instance } from '../../../gcp/cloud-functions/instance';
import { TokenIssuer } from '../../../gcp/identity/oidc';
import { serve } from '../../../loopback';
import { Pace } from '../../../pace';
import { temporaryFolder } from '../../folder';

const CODE = `
const { Server } = require('node:net');
let underWay = 0;
let most = 0;
exports.handler = async (req, res) => {
  underWay += 1;
  most = Math.max(most, underWay);
  await new Promise((resolve) => setTimeout(resolve, Number(req.query.wait ?? 0)));
  underWay -= 1;
  if (req.query.crash) process.exit(1);
  if (req.query.throws) throw new Error('not today');
  const listens = process._getActiveHandles().filter((handle) => handle instanceof Server).map((server) => server.address().address);
  const heap = require('node:v8').getHeapStatistics().heap_size_limit / 1024 ** 2;
  res.json({ pid: process.pid, env: { ...process.env }, most, listens, heap, body: req.body, query: req.query });
};
`;

const settings: FunctionSettings = {
  name: 'acme-func',
  entryPoint: 'handler',
  memoryMiB: 256,
  timeoutSeconds: 60,
  concurrency: 2,
  env: {},
  invokers: ['serviceAccount:invoker@p.iam.gserviceaccount.com'],
};

const issuer = new TokenIssuer();
const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

function codeIn(code: string): string {
  const folder = temporaryFolder();
  writeFileSync(path.join(folder, 'index.js'), code);
  return folder;
}

async function deployed(changes: Partial<FunctionSettings> = {}, code = CODE) {
  const all = { ...settings, ...changes };
  let answer: CloudFunction['answer'];
  const door = await serve((request, body) => answer(request, body));
  const url = `http://${door.host}`;
  const lines: string[] = [];
  const incidents: string[] = [];
  const env = { ...runtimeEnv(all), FROM_THE_TEMPLATE: 'yes' };
  const fn = new CloudFunction(all, {
    url,
    instance: { folder: codeIn(code), env, log: (line) => lines.push(line) },
    issuer,
    pace: new Pace(1000),
    incident: (text) => incidents.push(text),
  });
  answer = fn.answer;
  ends.push(
    () => door.close(),
    () => fn.stop(),
  );
  await fn.deploy();
  const authorization = `Bearer ${issuer.token('invoker@p.iam.gserviceaccount.com', url)}`;
  const call = async (query = '', headers: Record<string, string> = { authorization }) => {
    const response = await fetch(`${url}/${query}`, {
      method: 'POST',
      body: '{"a":1}',
      headers: { ...headers, 'content-type': 'application/json' },
    });
    const text = await response.text();
    return { status: response.status, text, ...(response.status === 200 && JSON.parse(text)) };
  };
  return { fn, call, url, env, lines, incidents };
}

test('it runs under the real framework, with its own environment and no other, its memory, and on loopback alone', async () => {
  const { call, env } = await deployed();
  const { status, env: seen, heap, listens, body, query } = await call('?a=b');
  expect(status).toBe(200);
  expect(seen).toEqual(env);
  expect(Object.keys(seen).sort()).toEqual([
    'FROM_THE_TEMPLATE',
    'FUNCTION_SIGNATURE_TYPE',
    'FUNCTION_TARGET',
    'K_CONFIGURATION',
    'K_REVISION',
    'K_SERVICE',
    'NODE_ENV',
    'PORT',
  ]);
  expect(heap).toBeGreaterThan(255);
  expect(heap).toBeLessThan(320);
  expect(listens).toEqual(['127.0.0.1']);
  expect({ body, query }).toEqual({ body: { a: 1 }, query: { a: 'b' } });
});

test('only who may call it gets in', async () => {
  const { call, url } = await deployed();
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
  const invoker = settings.invokers[0]!.replace('serviceAccount:', '');
  const own = issuer.token(invoker, url);
  expect((await call('', {})).status).toBe(403);
  expect((await call('', bearer('nonsense'))).status).toBe(401);
  expect((await call('', bearer(issuer.token(invoker, `${url}/other`)))).status).toBe(401);
  expect((await call('', bearer(new TokenIssuer().token(invoker, url)))).status).toBe(401);
  expect((await call('', bearer(issuer.token('other@p.iam.gserviceaccount.com', url)))).status).toBe(403);
  const forged = own.split('.');
  forged[1] = Buffer.from(JSON.stringify({ aud: url, email: invoker, admin: true })).toString('base64url');
  expect((await call('', bearer(forged.join('.')))).status).toBe(401);
  expect((await call('', bearer(own))).most).toBe(1);
});

test('it takes so many calls at a time, and the others wait', async () => {
  const { call } = await deployed();
  const answers = await Promise.all(Array.from({ length: 6 }, () => call('?wait=20')));
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200]);
  expect((await call()).most).toBe(2);
});

test('a call that takes too long is ended, and the instance is not', async () => {
  const { call } = await deployed({ timeoutSeconds: 0.3 });
  const { pid } = await call();
  expect((await call('?wait=2000')).status).toBe(504);
  expect((await call()).pid).toBe(pid);
});

test('an instance that crashes is answered for, and the next call starts another', async () => {
  const { call, incidents } = await deployed();
  const { pid } = await call();
  const [crashed, beside] = await Promise.all([call('?crash=1'), call('?wait=2000')]);
  for (const { status } of [crashed, beside]) expect(status).toBeGreaterThanOrEqual(500);
  const after = await call();
  expect(after.status).toBe(200);
  expect(after.pid).not.toBe(pid);
  expect(incidents).toEqual(['instance 2 of the function is started']);
});

test('a function that throws is answered with 500', async () => {
  const { call, lines } = await deployed();
  expect((await call('?throws=1')).status).toBe(500);
  expect(lines.join('\n')).toContain('not today');
});

test('an instance that is stalled is ended with its calls when their time is up', async () => {
  const { call, fn } = await deployed();
  const { pid } = await call();
  const calls = [call('?wait=50'), call('?wait=50')];
  const stalled = fn.stall();
  expect((await Promise.all(calls)).map(({ status }) => status)).toEqual([504, 504]);
  await stalled;
  expect((await call()).pid).not.toBe(pid);
});

test('code that does not start is not deployed, and says why', async () => {
  await expect(deployed({}, "throw new Error('The setting STORE_TABLE is missing.')")).rejects.toThrow(
    'the function did not start: Error: The setting STORE_TABLE is missing.',
  );
  await expect(deployed({}, 'exports.other = () => {}')).rejects.toThrow("Function 'handler' is not defined in the provided module.");
});

test('an instance ends when whoever started it is gone', async () => {
  const instance = await Instance.start({ folder: codeIn(CODE), env: runtimeEnv(settings), memoryMiB: 256, log: () => {} });
  // biome-ignore lint/complexity/useLiteralKeys: it is private.
  const worker = instance['worker'];
  worker.process.disconnect();
  await worker.gone;
  expect(instance.alive).toBe(false);
});
