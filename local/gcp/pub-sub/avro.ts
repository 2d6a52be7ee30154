import type { PublishedMessage } from './message';

/** A message in a file of Pub/Sub. */
export type FiledMessage = Pick<PublishedMessage, 'data' | 'attributes' | 'messageId' | 'publishTime'> & { readonly subscription: string };

/**
 * The fields of a message that Pub/Sub writes with its metadata. The ordering key is an entry of the attributes.
 * @see https://cloud.google.com/pubsub/docs/reference/rest/v1/projects.subscriptions#avroconfig
 */
const WITH_METADATA = {
  type: 'record',
  name: 'PubsubMessage',
  fields: [
    { name: 'subscription_name', type: 'string' },
    { name: 'message_id', type: 'string' },
    { name: 'publish_time', type: { type: 'long', logicalType: 'timestamp-micros' } },
    { name: 'attributes', type: { type: 'map', values: 'string' } },
    { name: 'data', type: 'bytes' },
  ],
};

const MAGIC = Buffer.from('Obj\x01');
const SYNC_BYTES = 16;

/**
 * An Avro object container file with one block of messages, not compressed.
 * @param sync the 16 bytes that end a block
 * @see https://avro.apache.org/docs/1.12.0/specification/#object-container-files
 */
export function avroFile(messages: readonly FiledMessage[], sync: Buffer): Buffer {
  const header = map({ 'avro.codec': Buffer.from('null'), 'avro.schema': Buffer.from(JSON.stringify(WITH_METADATA)) });
  const block = Buffer.concat(messages.map(record));
  return Buffer.concat([MAGIC, header, sync, long(BigInt(messages.length)), long(BigInt(block.length)), block, sync]);
}

/**
 * The messages of a file that {@link avroFile} wrote.
 * @throws Error if it is another file
 */
export function messagesIn(file: Buffer): FiledMessage[] {
  const reader = new Reader(file);
  if (!reader.raw(MAGIC.length).equals(MAGIC)) throw new Error('not an Avro file');
  const { 'avro.schema': schema } = reader.map((one) => one.bytes());
  if (JSON.stringify(JSON.parse(String(schema))) !== JSON.stringify(WITH_METADATA)) throw new Error('not a file of messages');
  reader.raw(SYNC_BYTES);
  const count = Number(reader.long());
  reader.long();
  return Array.from({ length: count }, () => ({
    subscription: reader.text(),
    messageId: reader.text(),
    publishTime: new Date(Number(reader.long() / 1000n)),
    attributes: reader.map((one) => one.text()),
    data: reader.bytes(),
  }));
}

function record({ subscription, messageId, publishTime, attributes, data }: FiledMessage): Buffer {
  const texts = Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, Buffer.from(value)]));
  const time = long(BigInt(publishTime.getTime()) * 1000n);
  return Buffer.concat([bytes(Buffer.from(subscription)), bytes(Buffer.from(messageId)), time, map(texts), bytes(data)]);
}

/** A whole number with its sign in the lowest bit, seven bits in each byte. */
function long(value: bigint): Buffer {
  const parts: number[] = [];
  let rest = value < 0n ? -value * 2n - 1n : value * 2n;
  for (; rest > 127n; rest >>= 7n) parts.push(Number(rest & 127n) | 128);
  return Buffer.from([...parts, Number(rest)]);
}

function bytes(value: Buffer): Buffer {
  return Buffer.concat([long(BigInt(value.length)), value]);
}

/** One block of entries, and the empty block that ends a map. */
function map(values: Readonly<Record<string, Buffer>>): Buffer {
  const entries = Object.entries(values);
  const block = entries.flatMap(([name, value]) => [bytes(Buffer.from(name)), bytes(value)]);
  return Buffer.concat([...(entries.length > 0 ? [long(BigInt(entries.length)), ...block] : []), long(0n)]);
}

class Reader {
  private at = 0;

  constructor(private readonly file: Buffer) {}

  raw(length: number): Buffer {
    this.at += length;
    return this.file.subarray(this.at - length, this.at);
  }

  long(): bigint {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.file[this.at++]!;
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value & 1n ? -(value + 1n) / 2n : value / 2n;
    }
  }

  bytes(): Buffer {
    return this.raw(Number(this.long()));
  }

  text(): string {
    return this.bytes().toString();
  }

  map<Value>(read: (reader: this) => Value): Record<string, Value> {
    const entries: [string, Value][] = [];
    for (let count = Number(this.long()); count > 0; count = Number(this.long())) {
      for (let left = count; left > 0; left--) entries.push([this.text(), read(this)]);
    }
    return Object.fromEntries(entries);
  }
}
