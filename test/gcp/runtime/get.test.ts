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

/** Reads one after the other in a process of its own, since only a new process can be told whom to trust. */
const SCRIPT = `
const { get } = require('./gcp/runtime/get.ts');
(async () => {
  const outcomes = [];
  for (const [emulator, host, path, timeout] of JSON.parse(process.argv[2])) {
    outcomes.push(await get(emulator ?? undefined, host, path, timeout).catch((error) => error.name + ': ' + error.message));
  }
  process.stdout.write(JSON.stringify(outcomes));
})();
`;

const PATIENT = 10_000;
const ANSWERS: Readonly<Record<string, Answer>> = {
  '/v1/things?a=b': { status: 200, body: '{"a": 1.0}', headers: { 'content-type': 'application/json' } },
  '/v1/missing': { status: 404, body: 'no' },
};

const heard: { readonly line: string; readonly authorization?: string }[] = [];
let servers: readonly Loopback[];
let outcomes: readonly string[];

beforeAll(async () => {
  const respond = async ({ method, url, headers }: IncomingMessage) => {
    heard.push({ line: `${method} ${url}`, authorization: headers.authorization });
    return ANSWERS[url!] ?? new Promise<never>(() => {});
  };
  const pem = readFileSync(certificate, 'utf8');
  const [google, emulator] = await Promise.all([serve(respond, { key: pem, cert: pem }), serve(respond)]);
  servers = [google, emulator];
  const metadata = await loopback(() => {
    const headers = { 'metadata-flavor': 'Google', 'content-type': 'application/json' };
    return { status: 200, headers, body: '{"access_token":"worthless","expires_in":3600}' };
  });
  const folder = temporaryFolder();
  const gets = [emulator.host, null].flatMap((host) => {
    const at = [host, host ? 'google.example' : google.host];
    return [
      [...at, '/v1/things?a=b', PATIENT],
      [...at, '/v1/missing', PATIENT],
      [...at, '/v1/silence', 100],
    ];
  });
  const { stdout } = await promisify(execFile)(process.execPath, [bundled(SCRIPT), JSON.stringify(gets)], {
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

const line = 'GET /v1/things?a=b';

test('an emulator is asked without a token, and Google with the token of the service', () => {
  expect(heard.filter((one) => one.line === line)).toEqual([
    { line, authorization: undefined },
    { line, authorization: 'Bearer worthless' },
  ]);
});

test('the answer is the text as it came', () => {
  expect([outcomes[0], outcomes[3]]).toEqual(['{"a": 1.0}', '{"a": 1.0}']);
});

test('what is not there is told by its status', () => {
  expect([outcomes[1], outcomes[4]]).toEqual(['Refused: 404: no', 'Refused: 404: "no"']);
});

test('without an answer a request fails after its time', () => {
  for (const outcome of [outcomes[2], outcomes[5]]) expect(outcome).toMatch(/timeout|aborted/i);
});

test('a request that failed is not sent again', () => {
  expect(heard.filter((one) => one.line === 'GET /v1/missing')).toHaveLength(2);
});
