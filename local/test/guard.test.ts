import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { GUARD, sealed } from '../seal';
import { temporaryFolder } from './folder';

/** Runs a script under guard, with nothing in its environment, and says what it printed. */
function guarded(script: string) {
  const source = `const say = (what) => console.log(String(what));\n${script}`;
  return execFileSync(process.execPath, [...GUARD, '-e', source], {
    env: {},
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }).trim();
}

test.each([
  ['a name over HTTPS', `fetch('https://example.com').catch((error) => say(error.cause.message))`, 'example.com is not on this machine'],
  ['an address', `require('net').connect(80, '10.0.0.1').on('error', (error) => say(error.message))`, '10.0.0.1 is not on this machine'],
  [
    'the metadata service',
    `require('http').get('http://169.254.169.254/').on('error', (error) => say(error.message))`,
    '169.254.169.254 is not on this machine',
  ],
  [
    'a TLS server',
    `require('tls').connect({ host: 'example.com', port: 443 }).on('error', (error) => say(error.message))`,
    'example.com is not on this machine',
  ],
  ['a name server', `require('dns').resolve('example.com', (error) => say(error.message))`, 'example.com is not on this machine'],
  [
    'a name server of its own',
    `new (require('dns').Resolver)().resolve4('example.com', (error) => say(error.message))`,
    'example.com is not on this machine',
  ],
  [
    'a name server, with promises',
    `require('dns').promises.lookup('example.com').catch((error) => say(error.message))`,
    'example.com is not on this machine',
  ],
  [
    'a datagram',
    `require('dgram').createSocket('udp4').send('x', 53, '10.0.0.1', (error) => { say(error.message); process.exit(); })`,
    'the address of a datagram is not on this machine',
  ],
])('no byte goes to %s', (_, script, said) => {
  expect(guarded(script)).toBe(said);
});

test('this machine can be reached by its names and addresses', () => {
  const script = `
    const server = require('http').createServer((_, answer) => answer.end('hello')).listen(0, '127.0.0.1', async () => {
      const { port } = server.address();
      for (const host of ['127.0.0.1', 'localhost']) say(await (await fetch('http://' + host + ':' + port)).text());
      server.close();
      server.closeAllConnections();
    });`;
  expect(guarded(script)).toBe('hello\nhello');
});

test('a sealed environment has nothing of the person in it, and credentials of no worth', () => {
  const home = temporaryFolder();
  const env = sealed(home);
  expect(Object.keys(env).filter((name) => /KEY|TOKEN|SECRET|CREDENTIAL/.test(name))).toEqual([
    'AWS_ACCESS_KEY_ID',
    'AWS_SECRET_ACCESS_KEY',
    'AWS_SHARED_CREDENTIALS_FILE',
    'GOOGLE_APPLICATION_CREDENTIALS',
  ]);
  expect([env.AWS_ACCESS_KEY_ID, env.AWS_SECRET_ACCESS_KEY]).toEqual(['nobody', 'nothing']);
  expect([env.AWS_CONFIG_FILE, env.AWS_SHARED_CREDENTIALS_FILE, env.GOOGLE_APPLICATION_CREDENTIALS]).toEqual([
    '/dev/null',
    '/dev/null',
    '',
  ]);
  expect(existsSync(env.PATH!)).toBe(false);
  expect([env.HOME, env.CLOUDSDK_CONFIG, env.AZURE_CONFIG_DIR]).toEqual([home, home, home]);
});
