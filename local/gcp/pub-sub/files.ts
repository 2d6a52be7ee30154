import { randomBytes, randomUUID } from 'node:crypto';
import { type Tree, treeOf } from '../../contents';
import type { Made } from '../../made';
import type { StoredRow } from '../../platform';
import { avroFile, type FiledMessage, messagesIn } from './avro';
import type { PublishedMessage } from './message';

/** How a subscription writes files. Times are in milliseconds, before scaling. */
export interface FileSettings {
  readonly bucket: string;
  /** The service account that writes. */
  readonly email: string;
  readonly prefix: string;
  readonly suffix: string;
  /** The time in the name of a file, such as `YYYY/MM/DD/hh_mm_ssZ`. */
  readonly timeFormat: string;
  readonly format: 'avro' | 'text';
  readonly maxDuration: number;
  readonly maxBytes: number;
  readonly maxMessages: number;
}

/** The tokens of the time in the name of a file, and the part of an ISO time that each stands for. */
const TOKENS: Readonly<Record<string, readonly [start: number, end: number]>> = {
  YYYY: [0, 4],
  MM: [5, 7],
  DD: [8, 10],
  hh: [11, 13],
  mm: [14, 16],
  ss: [17, 19],
};

/**
 * The name of a file: the prefix, the time at which it was opened in UTC, and a random id, so that no two have one name.
 * @see https://cloud.google.com/pubsub/docs/cloudstorage#file_names
 */
export function fileName({ prefix, suffix, timeFormat }: FileSettings, opened: Date): string {
  const iso = opened.toISOString();
  const time = timeFormat.replace(/YYYY|MM|DD|hh|mm|ss/g, (token) => iso.slice(...TOKENS[token]!));
  return `${prefix}${time}_${randomUUID()}${suffix}`;
}

/** The content of a file: Avro with the metadata of each message, or only their data, one in each line. */
export function contentOf({ format }: FileSettings, subscription: string, messages: readonly PublishedMessage[]): Buffer {
  if (format === 'text') return Buffer.concat(messages.flatMap(({ data }) => [data, Buffer.from('\n')]));
  const filed = messages.map(({ orderingKey, attributes, ...message }): FiledMessage => {
    return { ...message, subscription, attributes: orderingKey ? { ...attributes, ordering_key: orderingKey } : attributes };
  });
  return avroFile(filed, randomBytes(16));
}

/** The messages of a file as rows. A reader finds each as it was sent, and twice if it was delivered twice. */
export function rowsIn({ format }: Pick<FileSettings, 'format'>, content: Buffer, place: string): StoredRow[] {
  if (format === 'avro') return messagesIn(content).map(({ messageId, data }) => rowOf(data, `${messageId} ${data}`, place));
  const lines = content.toString('latin1').split('\n').slice(0, -1);
  return lines.map((line) => {
    const data = Buffer.from(line, 'latin1');
    return rowOf(data, data.toString(), place);
  });
}

/** What a file must have of an event: its bytes, also if they are no event. */
export function madeByDelivery(body: Buffer): Made {
  return { rows: [treeOfBytes(body)], event: null };
}

function rowOf(data: Buffer, text: string, place: string): StoredRow {
  const { source, id } = Object(treeOf(data.toString())) as { readonly source?: unknown; readonly id?: unknown };
  const event = typeof source === 'string' && typeof id === 'string' ? { source, id } : undefined;
  return { event, place, text, content: treeOfBytes(data) };
}

function treeOfBytes(bytes: Buffer): Tree {
  return bytes.toString('base64');
}
