import { managedwriter } from '@google-cloud/bigquery-storage';
import { grpc } from 'google-gax';
import { setting } from '../../../shared/runtime/setting';
import { transform } from '../../../shared/runtime/transform';
import { type Message, pubSubToBigQuery } from './handler';
import { tableOpener } from './storage-write';

const LOOPBACK = /^(localhost|127\.0\.0\.1|\[::1\]):\d+$/;

const client = new managedwriter.WriterClient(endpointOf(process.env.BIGQUERY_STORAGE_ENDPOINT));
const table = `projects/${setting('STORE_PROJECT')}/datasets/${setting('STORE_DATASET')}/tables/${setting('STORE_TABLE')}`;
const path = `/v1/${setting('DEAD_LETTER_TOPIC')}:publish`;
const endpoint = setting('DEAD_LETTER_ENDPOINT');
const emulator = emulatorOf(process.env.PUBSUB_EMULATOR_HOST);

export const handler = pubSubToBigQuery({
  transform,
  openTable: tableOpener(client, table),
  publish: emulator ? (message) => publishToEmulator(emulator, message) : publishWithToken,
});

/**
 * The address of the Storage Write API, when it is not the public one: a private endpoint, or a stand-in on this very
 * machine, which alone is spoken to without TLS and without a token.
 */
function endpointOf(address: string | undefined) {
  if (!address) return {};
  const [, apiEndpoint, port] = /^(.+):(\d+)$/.exec(address) ?? [];
  if (!apiEndpoint) throw new Error(`BIGQUERY_STORAGE_ENDPOINT must be a host and a port, got "${address}".`);
  const sslCreds = LOOPBACK.test(address) ? grpc.credentials.createInsecure() : undefined;
  return { apiEndpoint, port: Number(port), sslCreds };
}

/** The whole Pub/Sub client would double the bundle for this one call. The token comes from the client that is here anyway. */
async function publishWithToken(message: Message): Promise<void> {
  await client.getClient().auth.request({
    url: `https://${endpoint}${path}`,
    method: 'POST',
    data: { messages: [message] },
    timeout: 10_000,
  });
}

function emulatorOf(address: string | undefined): string | undefined {
  if (!address || LOOPBACK.test(address)) return address;
  throw new Error(`PUBSUB_EMULATOR_HOST must be on this machine, got "${address}".`);
}

async function publishToEmulator(host: string, message: Message): Promise<void> {
  const { ok, status } = await fetch(`http://${host}${path}`, { method: 'POST', body: JSON.stringify({ messages: [message] }) });
  if (!ok) throw new Error(`The emulator answered with ${status}.`);
}
