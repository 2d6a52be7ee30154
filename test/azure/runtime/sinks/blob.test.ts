import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { bundled } from '../../../support/bundled';
import { azureServices } from '../services';

/** Writes lots one after the other in a process of its own, since only a new process can be told whom to trust. */
const SCRIPT = `
const { blobSink } = require('./azure/runtime/sinks/blob.ts');
const sink = blobSink('STORE');
(async () => {
  const outcomes = [];
  for (const { name, arrived, rows, patience } of JSON.parse(process.argv[2])) {
    const record = { bytes: Buffer.alloc(0), arrived: new Date(arrived), position: {} };
    const made = rows.map((row, index) => ({ stored: sink.encode(row, {}, index), record }));
    const written = sink.write({ name, arrived: record.arrived, made }, AbortSignal.timeout(patience ?? 60000));
    outcomes.push(await written.then((refusals) => refusals, (error) => error.name));
  }
  process.stdout.write(JSON.stringify(outcomes));
})();
`;

const script = bundled(SCRIPT);
const lot = { name: 'acme-orders-reader-p3-0-1', arrived: '2026-01-31T08:30:00.125Z', rows: [{ a: 'ü\n' }, { b: 2 }] };
const BLOB = 'events/year=2026/month=01/day=31/hour=08/acme-orders-reader-p3-0-1.ndjson.gz';

async function write(lots: readonly object[], statusOf?: Parameters<typeof azureServices>[0]) {
  const services = await azureServices(statusOf);
  const env = { ...services.environment, STORE_ENDPOINT: services.endpoint, STORE_CONTAINER: 'events' };
  const { stdout } = await promisify(execFile)(process.execPath, [script, JSON.stringify(lots)], { env });
  return { ...services, outcomes: JSON.parse(stdout) };
}
jest.setTimeout(30_000);

test('a lot is one blob in the folder of its hour, with a line for each row, and the same lot again changes nothing', async () => {
  const { outcomes, blobs, requests } = await write([lot, lot]);
  expect(outcomes).toEqual([[], []]);
  expect(Object.fromEntries(blobs)).toEqual({ [BLOB]: '{"a":"ü\\n"}\n{"b":2}\n' });
  const puts = requests.filter(({ line }) => line.startsWith('PUT '));
  expect(puts.map(({ headers }) => headers)).toEqual(
    Array(2).fill(
      expect.objectContaining({
        authorization: 'Bearer a token',
        'x-ms-blob-type': 'BlockBlob',
        'x-ms-blob-content-type': 'application/gzip',
        'if-none-match': '*',
      }),
    ),
  );
  expect(requests.find(({ line }) => line.startsWith('GET '))).toMatchObject({
    line: expect.stringMatching(/resource=https%3A%2F%2Fstorage\.azure\.com&client_id=client-of-function$/),
    headers: { 'x-identity-header': 'secret of the app' },
  });
});

test('a blob whose answer got lost is found, and stays as it is', async () => {
  const answers = ['answer lost', 201] as const;
  let puts = 0;
  const changed = { ...lot, rows: [{ a: 'what another version of the code would make of it' }] };
  const { outcomes, blobs } = await write([lot, changed], ({ line }) => (line.startsWith('PUT ') ? answers[puts++]! : 201));
  expect([outcomes, puts]).toEqual([[[], []], 2]);
  expect(Object.fromEntries(blobs)).toEqual({ [BLOB]: '{"a":"ü\\n"}\n{"b":2}\n' });
});

test('a store that refuses fails the lot, and one that never answers fails it when its signal says so', async () => {
  const other = { ...lot, name: 'other', patience: 300 };
  const { outcomes, blobs } = await write([lot, other], ({ line }) => (line.includes('other') ? 'silence' : 403));
  expect(outcomes).toEqual(['RestError', 'AbortError']);
  expect(blobs.size).toBe(0);
});
