import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { BlobStorage, fault } from '../../../azure/blob/blob-storage';
import { containerClient } from '../../../azure/blob/container-client';
import { Azurite } from '../../../azure/foundation/azurite';
import { certificate } from '../../../azure/foundation/certificate';
import { credentialOf } from '../../../azure/identity/credential';
import { IdentityEndpoint, Tokens } from '../../../azure/identity/tokens';
import { temporaryFolder } from '../../folder';
import { filesOf } from '../stand-ins';

const tokens = new Tokens();
const tls = certificate();
const folder = temporaryFolder();
const files = filesOf(tls, folder);
const CLIENT = '11111111-1111-1111-1111-111111111111';
const somebody = credentialOf((aud) => tokens.issue({ aud, appid: 'somebody' }));
const gate = jest.fn();
let azurite: Azurite;
let storage: BlobStorage;
let identity: Awaited<ReturnType<typeof IdentityEndpoint.start>>;

beforeAll(async () => {
  identity = await IdentityEndpoint.start(tokens, [CLIENT]);
  azurite = new Azurite({ folder, accounts: ['lake'], tls: files });
  const port = await azurite.port;
  storage = await BlobStorage.start(path.join(folder, 'blobs'), tls);
  storage.open(port, [{ account: 'lake', container: 'events' }], (write, pass) => gate(write, pass));
  await containerClient(`https://127.0.0.1:${port}/lake/events`, somebody, tls.cert).create();
});
beforeEach(() => gate.mockReset().mockImplementation((_, pass) => pass()));
afterAll(async () => {
  await Promise.all([storage.close(), azurite.close(), identity.close()]);
});

/** What a process of an app does: writes a blob as one of its identities. */
async function write(clientId: string, secret = identity.secret) {
  const resolve = (name: string) => JSON.stringify(require.resolve(name, { paths: [path.resolve(__dirname, '../../../..')] }));
  const code = `
    const { ManagedIdentityCredential } = require(${resolve('@azure/identity')});
    const { ContainerClient } = require(${resolve('@azure/storage-blob')});
    const credential = new ManagedIdentityCredential({ clientId: process.argv[1], retryOptions: { maxRetries: 0 } });
    new ContainerClient(process.argv[2], credential).getBlockBlobClient('a/b.txt').upload('text', 4)
      .then(() => console.log('written'), (error) => console.log(error.message));
  `;
  const env = { NODE_EXTRA_CA_CERTS: files.cert, IDENTITY_ENDPOINT: identity.url, IDENTITY_HEADER: secret };
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', code, clientId, `${storage.url}lake/events`], { env });
  return stdout;
}

test('an app writes as its own identity, and what it wrote lies in a plain file', async () => {
  expect(await write(CLIENT)).toBe('written\n');
  expect(readFileSync(path.join(folder, 'blobs/events/a/b.txt'), 'utf8')).toBe('text');
  const { account, container, blob, body } = gate.mock.calls[0][0];
  expect([account, container, blob, String(body)]).toEqual(['lake', 'events', 'a/b.txt', 'text']);
});

test('nobody gets a token for an identity that the app does not have, or without the secret of the app', async () => {
  expect(await write('22222222-2222-2222-2222-222222222222')).toMatch(/No managed identity found for client id 2222/);
  expect(await write(CLIENT, 'guessed')).not.toContain('written');
  expect(gate).not.toHaveBeenCalled();
});

test('without a token, and with one for something else, Blob Storage answers nobody', async () => {
  const client = containerClient(`${storage.url}lake/events`, somebody, tls.cert);
  await client.getBlockBlobClient('secret').upload('s', 1);
  const forEventHubs = credentialOf(() => tokens.issue({ aud: 'https://eventhubs.azure.net', appid: 'somebody' }));
  const wrong = containerClient(`${storage.url}lake/events`, forEventHubs, tls.cert);
  await expect(wrong.getBlockBlobClient('secret').download()).rejects.toMatchObject({ statusCode: 403 });
  const https: typeof import('node:https') = require('node:https');
  const status = await new Promise((resolve, reject) => {
    https.get(`${storage.url}lake/events/secret`, { ca: tls.cert }, (answer) => resolve(answer.resume().statusCode)).on('error', reject);
  });
  expect(status).toBeGreaterThanOrEqual(400);
});

test('an account or a container that does not exist is refused', async () => {
  const upload = (where: string) => containerClient(`${storage.url}${where}`, somebody, tls.cert).getBlockBlobClient('b').upload('x', 1);
  await expect(upload('nobody/events')).rejects.toMatchObject({ statusCode: 404 });
  await expect(upload('lake/nothing')).rejects.toMatchObject({ code: 'ContainerNotFound' });
});

test('a store that is switched off is reported at once, and nothing is written', async () => {
  gate.mockImplementation(() => fault(403, 'AccountIsDisabled', 'The specified account is disabled.'));
  const client = containerClient(`${storage.url}lake/events`, somebody, tls.cert);
  await expect(client.getBlockBlobClient('refused').upload('x', 1)).rejects.toMatchObject({ code: 'AccountIsDisabled' });
  expect(gate).toHaveBeenCalledTimes(1);
  expect(await client.getBlockBlobClient('refused').exists()).toBe(false);
});

test('what the gate cannot judge is refused: a blob in blocks, a blob that is appended to', async () => {
  const client = containerClient(`${storage.url}lake/events`, somebody, tls.cert);
  const refused = { statusCode: 501 };
  await expect(client.getBlockBlobClient('b').stageBlock('AA==', 'x', 1)).rejects.toMatchObject(refused);
  await expect(client.getAppendBlobClient('b').create()).rejects.toMatchObject(refused);
});

test('the certificate is for loopback alone, and nobody trusts it who was not told to', async () => {
  await expect(containerClient(`${storage.url}lake/events`, somebody, certificate().cert).exists()).rejects.toThrow(/self-signed/);
  await expect(containerClient(`${storage.url.replace('127.0.0.1', 'localhost')}lake/events`, somebody, tls.cert).exists()).rejects.toThrow(
    /altnames/,
  );
});
