import type { Chaos } from '../../chaos';
import type { Witness } from '../../platform';
import type { CloudFunction } from '../cloud-functions/function';
import type { TableRow } from './row-check';
import { storedRow } from './row-text';
import type { Fate } from './storage-write';
import type { DuckTable, TableSettings } from './table';

/** What the Storage Write API answers when it is down. */
const UNAVAILABLE = { error: { code: 14, message: 'The service is currently unavailable.' } };

/** Writes rows to the table, unless something goes wrong on purpose: with the store, or with the function that waits for it. */
export function writesTo(
  table: DuckTable,
  writer: CloudFunction,
  { settings, chaos, witness }: { readonly settings: TableSettings; readonly chaos: Chaos; readonly witness: Witness },
) {
  return async (rows: readonly TableRow[]): Promise<Fate> => {
    const stored = rows.map((row) => storedRow(settings, row));
    const fate = chaos.write(stored.map(({ text }) => text));
    if (fate === 'refuse') return UNAVAILABLE;
    if (fate === 'stall') void writer.stall();
    if (fate === 'kill before') await writer.kill();
    if (fate === 'stall' || fate === 'kill before') return 'hangs';
    await table.insert(rows);
    witness.stored(stored);
    if (fate === 'take') return { appendResult: {} };
    await writer.kill();
    return 'hangs';
  };
}
