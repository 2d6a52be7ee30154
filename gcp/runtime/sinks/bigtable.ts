import { status } from '@grpc/grpc-js';
import { writeEach } from '../../../shared/runtime/each-row';
import { PermanentError } from '../../../shared/runtime/event';
import { setting } from '../../../shared/runtime/setting';
import type { Made, Sink, SourceRecord } from '../../../shared/runtime/sink';
import { type RowStatus, tableWriter } from './bigtable/mutate-rows';
import { type WideRow, wideRowOf } from './bigtable/wide-row';

/** The size of a request, unless it has one row: far below the limits of Bigtable, so that an answer takes no longer than it must. */
const [REQUEST_CELLS, REQUEST_BYTES] = [10_000, 4 * 1024 * 1024];

/**
 * Bigtable: writes the rows of an event with one request, and of each row either all cells or none.
 *
 * The key and the timestamps of a row come from its event, so a retry writes the same cells again and changes nothing. If the
 * transform was changed in between, the fields of the last write are stored beside those that only an earlier write had. Bigtable
 * answers for each row: if it may never accept one, the event is refused. Otherwise the event is retried. Rows of one event are
 * written separately: while they are retried, a reader may get some of them.
 * @param name the start of the environment variables of the store: `STORE` reads `STORE_PROJECT`, `STORE_INSTANCE`, `STORE_TABLE`,
 * `STORE_FAMILY` and `STORE_APP_PROFILE`
 * @param timeout after how many milliseconds without an answer a write fails
 */
export function bigtableSink(name: string, timeout = 20_000): Sink<WideRow> {
  const instance = `projects/${setting(`${name}_PROJECT`)}/instances/${setting(`${name}_INSTANCE`)}`;
  const family = setting(`${name}_FAMILY`);
  const write = tableWriter({
    host: 'bigtable.googleapis.com:443',
    tableName: `${instance}/tables/${setting(`${name}_TABLE`)}`,
    appProfileId: setting(`${name}_APP_PROFILE`),
    timeout,
  });
  return {
    encode: (row, event, index) => wideRowOf(row, event, index, family),
    write: async ({ made }, signal) => {
      signal?.throwIfAborted();
      return writeEach(requestsOf(made), async (rows) => requireWritten(await write(rows)), isPermanent);
    },
  };
}

/** The rows of each record, in as many requests as they need. The rows of a record are next to each other. */
function requestsOf(made: readonly Made<WideRow>[]): Made<readonly WideRow[]>[] {
  const requests: { readonly stored: WideRow[]; readonly record: SourceRecord; cells: number; bytes: number }[] = [];
  for (const { stored, record } of made) {
    const [cells, bytes] = [stored.mutations.length, bytesOf(stored)];
    const last = requests.at(-1);
    if (last?.record === record && last.cells + cells <= REQUEST_CELLS && last.bytes + bytes <= REQUEST_BYTES) {
      last.stored.push(stored);
      last.cells += cells;
      last.bytes += bytes;
    } else requests.push({ stored: [stored], record, cells, bytes });
  }
  return requests;
}

function bytesOf({ mutations }: WideRow): number {
  return mutations.reduce((sum, { setCell }) => sum + setCell.value.length, 0);
}

/**
 * @throws Error if a row was not written and may be later
 * @throws PermanentError if a row was not written, and each such row never will be
 */
function requireWritten(statuses: readonly (RowStatus | undefined)[]) {
  const failed = statuses
    .map((one) => one ?? { code: status.UNKNOWN, message: 'Bigtable did not say what became of a row' })
    .filter(({ code }) => code !== status.OK);
  const passing = failed.find(({ code }) => code !== status.INVALID_ARGUMENT);
  if (passing) throw new Error(textOf(passing));
  const [first] = failed;
  if (first) throw new PermanentError(textOf(first));
}

function textOf({ code, message }: RowStatus): string {
  return `${status[code] ?? code}: ${message}`;
}

/** Whether an error is the fault of the rows: Bigtable says so of a row, or of a whole request that it cannot accept. */
function isPermanent(error: unknown): boolean {
  return error instanceof PermanentError || (error as { readonly code?: unknown }).code === status.INVALID_ARGUMENT;
}
