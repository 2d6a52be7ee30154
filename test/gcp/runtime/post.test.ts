import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import path from 'node:path';
import { promisify } from 'node:util';
import { type Answer, type Loopback, serve } from '../../../local/loopback';
import { bundled } from '../../support/bundled';
import { temporaryFolder } from '../../support/folder';
import { loopback } from '../../support/loopback';

const certificate = path.join(__dirname, '../../support/loopback.pem');

/** Asks one after the other in a process of its own, since only a new process can be told whom to trust. */
const SCRIPT = `
const { ask } = require('./gcp/runtime/post.ts');
const { get } = require('./gcp/runtime/get.ts');
(async () => {
  const outcomes = [];
  for (const [emulator, host, path, timeout, isRead] of JSON.parse(process.argv[2])) {
    const to = [emulator ?? undefined, host, path];
    const asked = isRead ? get(...to, timeout, 16_384) : ask(...to, { contentType: 'text/plain', body: 'ü', timeout });
    outcomes.push(await asked.then((answer) => 'done: ' + answer, (error) => error.name + ': ' + error.message));
  }
  process.stdout.write(JSON.stringify(outcomes));
})();
`;

const PATIENT = 10_000;
const ANSWERS: Readonly<Record<string, Answer>> = {
  '/v1/things?a=b': { status: 200, body: '{}' },
  '/v1/read': { status: 200, body: '{"a": 1.0}', headers: { 'content-type': 'application/json' } },
  '/v1/refused': { status: 412, body: '{"error":{"code":412,"message":"no"}}', headers: { 'content-type': 'application/json' } },
};

const heard: { readonly line: string; readonly headers: IncomingMessage['headers']; readonly body: string }[] = [];
const tokens: string[] = [];
let servers: readonly Loopback[];
let outcomes: readonly string[];

beforeAll(async () => {
  const respond = async ({ method, url, headers }: IncomingMessage, body: Buffer) => {
    heard.push({ line: `${method} ${url}`, headers, body: body.toString() });
    return ANSWERS[url!] ?? new Promise<never>(() => {});
  };
  const pem = readFileSync(certificate, 'utf8');
  const [google, emulator] = await Promise.all([serve(respond, { key: pem, cert: pem }), serve(respond)]);
  servers = [google, emulator];
  const metadata = await loopback(({ url }) => {
    if (url!.includes('/token')) tokens.push(url!);
    const headers = { 'metadata-flavor': 'Google', 'content-type': 'application/json' };
    return { status: 200, headers, body: '{"access_token":"worthless","expires_in":3600}' };
  });
  const folder = temporaryFolder();
  const posts = [
    [emulator.host, 'google.example', '/v1/things?a=b', PATIENT],
    [emulator.host, 'google.example', '/v1/refused', PATIENT],
    [emulator.host, 'google.example', '/v1/silence', 100],
    [null, google.host, '/v1/things?a=b', PATIENT],
    [null, google.host, '/v1/refused', PATIENT],
    [null, google.host, '/v1/silence', 100],
    [emulator.host, 'google.example', '/v1/read', PATIENT, true],
    [null, google.host, '/v1/read', PATIENT, true],
    [null, google.host, '/v1/refused', PATIENT, true],
  ];
  const { stdout } = await promisify(execFile)(process.execPath, [bundled(SCRIPT), JSON.stringify(posts)], {
    // The child sees nothing of this machine's environment, so it can never use anybody's credentials.
    env: {
      HOME: folder,
      PATH: folder,
      CLOUDSDK_CONFIG: folder,
      GCE_METADATA_HOST: new URL(metadata).host,
      GOOGLE_APPLICATION_CREDENTIALS: '',
      NODE_EXTRA_CA_CERTS: certificate,
    },
  });
  outcomes = JSON.parse(stdout);
}, 30_000);
afterAll(() => Promise.all(servers.map((server) => server.close())));

const line = 'POST /v1/things?a=b';

test('an emulator gets the request, and no token', () => {
  expect(outcomes[0]).toBe('done: {}');
  expect(heard[0]).toMatchObject({ line, headers: { 'content-type': 'text/plain' }, body: 'ü' });
  expect(heard[0]!.headers.authorization).toBeUndefined();
});

test('Google gets the same request over TLS, with the token of the function, which is asked for once', () => {
  expect(outcomes[3]).toBe('done: {}');
  expect(heard[3]).toMatchObject({ line, headers: { 'content-type': 'text/plain', authorization: 'Bearer worthless' }, body: 'ü' });
  expect(tokens).toHaveLength(1);
});

test('a refusal is told with its status and its words', () => {
  for (const at of [1, 4]) expect(outcomes[at]).toBe('Refused: 412: {"error":{"code":412,"message":"no"}}');
});

test('silence is a fault, once the time is over', () => {
  for (const at of [2, 5]) expect(outcomes[at]).toMatch(/timeout|aborted/i);
});

test('what is read is the text as it came, of an emulator without a token and of Google with one', () => {
  expect(outcomes.slice(6)).toEqual(['done: {"a": 1.0}', 'done: {"a": 1.0}', outcomes[4]]);
  expect(heard.slice(6).map(({ line, headers, body }) => [line, headers.authorization, body])).toEqual([
    ['GET /v1/read', undefined, ''],
    ['GET /v1/read', 'Bearer worthless', ''],
    ['GET /v1/refused', 'Bearer worthless', ''],
  ]);
});

test('nothing is tried again', () => expect(heard).toHaveLength(9));
