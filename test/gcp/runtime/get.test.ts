import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { gaxios } from 'google-auth-library';
import { get } from '../../../gcp/runtime/get';
import { auth } from '../../../gcp/runtime/post';

const DENIED = '{"error":{"code":403,"message":"Permission denied on Cloud KMS key."}}';
let server: Server;
let host: string;
let sent = 0;

beforeAll(async () => {
  server = createServer((request, response) => {
    if (request.url === '/denied') response.writeHead(403).end(DENIED);
    else if (request.url === '/large') {
      // Endless: whoever reads all of it never ends.
      const more = () => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536, 0x61))) sent += 65_536;
      };
      response.on('drain', more);
      more();
    } else if (request.url === '/bomb') response.setHeader('content-encoding', 'gzip').end(gzipSync(Buffer.alloc(20_000_000)));
    else response.end(request.url === '/empty' ? '' : 'hello');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  // The client of Google, on the wire, without its token.
  const client = new gaxios.Gaxios();
  jest
    .spyOn(auth, 'request')
    .mockImplementation((options) =>
      client.request({ ...options, url: String(options.url).replace('https://storage.googleapis.com', `http://${host}`) }),
    );
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

describe.each([
  ['Google', () => undefined],
  ['an emulator', () => host],
])('an answer of %s', (_, emulator) => {
  const read = (path: string) => get(emulator(), 'storage.googleapis.com', path, 5000, 16_384);

  test('is read as text', async () => expect([await read('/'), await read('/empty')]).toEqual(['hello', '']));

  test('that is no success is an error with its status and its body', () =>
    expect(read('/denied')).rejects.toMatchObject({ name: 'Refused', status: 403, answer: DENIED }));

  test('that is too large is not read to its end', async () => {
    sent = 0;
    await expect(read('/large')).rejects.toMatchObject({ name: 'TooLarge', message: 'more than 16384 bytes' });
    expect(sent).toBeLessThan(50_000_000);
  });

  test('that is small only while it is compressed is too large', () => expect(read('/bomb')).rejects.toMatchObject({ name: 'TooLarge' }));
});
