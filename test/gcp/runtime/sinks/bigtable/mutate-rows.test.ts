import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { bundled } from '../../../../support/bundled';
import { temporaryFolder } from '../../../../support/folder';
import { loopback } from '../../../../support/loopback';
import { BigtableStandIn } from '../../../store/bigtable/stand-in';

const certificate = path.join(__dirname, '../../../../support/loopback.pem');

/** Writes one row in a process of its own, since only a new process can be told whom to trust. */
const SCRIPT = `
const { tableWriter } = require('./gcp/runtime/sinks/bigtable/mutate-rows.ts');
const { wideRowOf } = require('./gcp/runtime/sinks/bigtable/wide-row.ts');
const tableName = 'projects/acme-data/instances/acme-events/tables/events';
const write = tableWriter({ host: process.argv[2], tableName, appProfileId: 'acme-events', timeout: 10_000 });
const event = { specversion: '1.0', id: '1', source: '/test', type: 'test', time: '2026-01-31T08:29:59Z' };
write([wideRowOf({}, event, 0, 'event')])
  .then((statuses) => statuses[0].code, (error) => error.message)
  .then((outcome) => process.stdout.write(JSON.stringify(outcome), () => process.exit()));
`;

let standIn: BigtableStandIn;
let metadata: string;
beforeAll(async () => {
  standIn = await new BigtableStandIn().start(readFileSync(certificate));
  metadata = await loopback(() => ({
    status: 200,
    headers: { 'metadata-flavor': 'Google', 'content-type': 'application/json' },
    body: '{"access_token":"worthless","expires_in":3600}',
  }));
});
afterAll(() => standIn.stop());

async function write(trusted: string): Promise<unknown> {
  const folder = temporaryFolder();
  const { stdout } = await promisify(execFile)(process.execPath, [bundled(SCRIPT), standIn.address], {
    // The child sees nothing of this machine's environment, so it can never use anybody's credentials.
    env: {
      HOME: folder,
      PATH: folder,
      CLOUDSDK_CONFIG: folder,
      GCE_METADATA_HOST: new URL(metadata).host,
      GOOGLE_APPLICATION_CREDENTIALS: '',
      GRPC_DEFAULT_SSL_ROOTS_FILE_PATH: trusted,
    },
  });
  return JSON.parse(stdout);
}

test('Google gets the request over TLS, with the token of the service account', async () => {
  expect(await write(certificate)).toBe(0);
  expect(standIn.tokens).toEqual(['Bearer worthless']);
}, 30_000);

test('a server that nobody vouches for gets nothing', async () => {
  const before = standIn.requests.length;
  expect(await write('')).toMatch(/^14 UNAVAILABLE/);
  expect(standIn.requests).toHaveLength(before);
}, 30_000);
