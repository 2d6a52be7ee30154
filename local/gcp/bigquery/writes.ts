import type { Chaos } from '../../chaos';
import type { Witness } from '../../platform';
import type { Writer } from '../site';
import type { TableRow } from './row-check';
import { storedRow } from './row-text';
import type { Fate } from './storage-write';
import type { DuckTable, TableSettings } from './table';

/** The answer of the Storage Write API when it is down. */
const UNAVAILABLE = { error: { code: 14, message: 'The service is currently unavailable.' } };

/** Writes rows to the table, unless a fault is injected: in the store, or in the function that waits for the answer. */
export function writesTo(
  table: DuckTable,
  writers: readonly Writer[],
  { settings, chaos, witness }: { readonly settings: TableSettings; readonly chaos: Chaos; readonly witness: Witness },
) {
  const kill = () => Promise.all(writers.map((writer) => writer.kill()));
  return async (rows: readonly TableRow[]): Promise<Fate> => {
    const stored = rows.map((row) => storedRow(settings, row));
    const fate = chaos.write(stored.map(({ text }) => text));
    if (fate === 'refuse') return UNAVAILABLE;
    if (fate === 'stall') for (const writer of writers) void writer.stall();
    if (fate === 'kill before') await kill();
    if (fate === 'stall' || fate === 'kill before') return 'hangs';
    await table.insert(rows);
    witness.stored(stored);
    if (fate === 'take') return { appendResult: {} };
    await kill();
    return 'hangs';
  };
}
