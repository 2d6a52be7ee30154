import { readFileSync } from 'node:fs';
import path from 'node:path';
import { sendRequest } from '../../../../azure/connect/event-hub/send-request';

const file = readFileSync(path.join(__dirname, '../../../../docs/examples/event-hub-kafka.properties'), 'utf8');
const settings = Object.fromEntries(
  file
    .replace(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
);

test('a Kafka client reaches the namespace that takes events over HTTPS, on the port of Kafka', () => {
  const [host] = settings['bootstrap.servers']!.split(':9093');
  expect(new URL(sendRequest(host!, 'events').url).hostname).toBe(host);
});

test('its token is for the namespace, as Kafka needs it, and not for Event Hubs as a whole', () => {
  const [host] = settings['bootstrap.servers']!.split(':');
  expect(/scope="([^"]+)"/.exec(settings['sasl.jaas.config']!)?.[1]).toBe(`https://${host}/.default`);
});

test('it signs in with Microsoft Entra ID over TLS, and the file has no secret', () => {
  expect(settings).toMatchObject({ 'security.protocol': 'SASL_SSL', 'sasl.mechanism': 'OAUTHBEARER' });
  expect(file).not.toMatch(/SharedAccessKey|ConnectionString/);
  expect(settings['sasl.jaas.config']).toContain('clientSecret="${env:CLIENT_SECRET}"');
});

test('no event is lost or stored twice by a retry of the client', () =>
  expect(settings).toMatchObject({ acks: 'all', 'enable.idempotence': 'true' }));
