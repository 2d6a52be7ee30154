import { isUtf8 } from 'node:buffer';
import type { Chaos } from '../../chaos';
import { type Tree, treeOf } from '../../contents';
import type { Letter, StoredRow, Witness } from '../../platform';
import type { TableMessage, TableWriter } from '../site';
import { rowFaults, type SchemaField, type TableRow } from './row-check';
import { asColumns, storedRow } from './row-text';
import type { DuckTable, TableSettings } from './table';

/** Whether Pub/Sub writes into the table: it has the columns of a message. */
export function isRaw({ schema }: TableSettings): boolean {
  return schema.some(({ name }) => name === 'subscription_name');
}

/** What a raw table is written and read with. */
export interface RawTable {
  readonly settings: TableSettings;
  readonly table: DuckTable;
  /** The columns of the view of events. */
  readonly view: readonly SchemaField[];
}

/**
 * Writes messages as Pub/Sub does: one row each, in the columns that it documents.
 * @param writers the emails of the service accounts that may write
 * @see https://cloud.google.com/pubsub/docs/bigquery#write_metadata
 */
export function writesMessages(
  raw: RawTable,
  writers: () => Promise<readonly string[]>,
  { chaos, witness }: { readonly chaos: Chaos; readonly witness: Pick<Witness, 'stored' | 'deadLettered'> },
): TableWriter {
  const { settings, table } = raw;
  return async (message, email) => {
    if (!(await writers()).includes(email)) return `PERMISSION_DENIED: ${email} may not write into ${settings.dataset}.${settings.name}`;
    if (!isUtf8(message.data)) return 'SCHEMA_MISMATCH: data is not UTF-8';
    const row = rowOf(message);
    const [fault] = rowFaults(settings.schema, [row], settings.partitionedBy);
    if (fault) return `SCHEMA_MISMATCH: ${fault.message}`;
    const fate = chaos.write([message.data.toString()]);
    if (fate === 'refuse') return 'UNAVAILABLE: the table cannot be written';
    if (fate === 'stall' || fate === 'kill before') return 'the writer of Pub/Sub gave no answer';
    await table.insert([row]);
    const stored = eventRow(raw, row);
    if (stored) witness.stored([stored]);
    return fate === 'kill after' ? 'the writer of Pub/Sub gave no answer' : undefined;
  };
}

function rowOf({ subscription, messageId, publishTime, data, attributes }: TableMessage): TableRow {
  return {
    subscription_name: subscription,
    message_id: messageId,
    publish_time: BigInt(publishTime.getTime()) * 1000n,
    data: data.toString(),
    attributes: JSON.stringify(attributes),
  };
}

/** Every row of the table that is not rejected, as its event. */
export async function* eventRows(raw: RawTable): AsyncGenerator<StoredRow> {
  const rejected = new Set<string>();
  for await (const { message_id } of raw.table.rejectedRows()) rejected.add(String(message_id));
  for await (const row of raw.table.rows()) {
    if (rejected.has(String(row.message_id))) continue;
    yield eventRow(raw, row) ?? { place: placeOf(raw.settings), text: String(row.data) };
  }
}

/** Every row of the view of events. */
export async function* viewRows({ settings, table, view }: RawTable): AsyncGenerator<StoredRow> {
  for await (const row of table.viewRows()) yield storedRow({ ...settings, ...settings.view!, schema: view }, row);
}

/** Every row of the view of rejected rows: an event that is no event of the contract. */
export async function rejectedRows({ settings, table }: RawTable): Promise<Letter[]> {
  const letters: Letter[] = [];
  for await (const { data = '', reason } of table.rejectedRows()) {
    letters.push({ bytes: Buffer.from(String(data)), reason: String(reason), place: placeOf(settings.rejected!) });
  }
  return letters;
}

/** How a reader of the view gets an event: nothing transforms it. An attribute that is null is unset. */
export function asEvent({ settings, view }: RawTable): (row: Tree, event: Tree) => Tree {
  const columns = asColumns({ ...settings, schema: view });
  return (_, event) => {
    const set = Object.entries(event as Readonly<Record<string, Tree>>).filter(([name, value]) => value !== null || name === 'data');
    return columns(Object.fromEntries(set), event, 0);
  };
}

/** The event of a row, if its data has a name. */
function eventRow(raw: RawTable, row: TableRow): StoredRow | undefined {
  const event = treeOf(String(row.data));
  const { source, id } = (typeof event === 'object' ? (event ?? {}) : {}) as { readonly source?: unknown; readonly id?: unknown };
  if (event === undefined || typeof source !== 'string' || typeof id !== 'string') return undefined;
  return {
    event: { source, id },
    place: placeOf(raw.settings),
    text: `${row.message_id} ${row.data}`,
    content: asEvent(raw)(event, event),
  };
}

function placeOf({ dataset, name }: { readonly dataset: string; readonly name: string }): string {
  return `${dataset}.${name}`;
}
