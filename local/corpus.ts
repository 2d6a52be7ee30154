import { readFileSync } from 'node:fs';
import { random } from './random';

/** One event to send. */
export interface Sample {
  /** The kind of event, in one or two words: `order`, `missing id`. */
  readonly kind: string;
  readonly body: Buffer;
}

/** The mix of sample events. */
export interface Recipe {
  /** One of this number of events is sent twice. */
  readonly twiceIn: number;
  /** One of this number of events is malformed, or of a kind that a stage must refuse. */
  readonly malformedIn: number;
  /** One of this number of events is refused by the store at every try. Without it there are none. */
  readonly unstorableIn?: number;
}

/** The usual mix. */
export const ORDINARY: Recipe = { twiceIn: 50, malformedIn: 12 };

/** Part of the id of an event that the store refuses at every try. */
export const UNSTORABLE = 'no-store-takes-it';

/**
 * An endless sequence of events of a fictitious company: orders, machine readings and clicks, with mistakes of real senders among
 * them. All calls on one day give the same events.
 */
export function* corpus({ twiceIn, malformedIn, unstorableIn = Number.POSITIVE_INFINITY }: Recipe = ORDINARY): Generator<Sample> {
  const chance = random(7);
  for (let number = 1; ; number++) {
    const sample =
      number % unstorableIn === 0
        ? { kind: 'unstorable', body: text(order(number, chance, { id: `${UNSTORABLE}-${number}` })) }
        : number % malformedIn === 0
          ? cycle(MALFORMED, number / malformedIn)(number, chance)
          : cycle(WELL_FORMED, number)(number, chance);
    yield sample;
    if (number % twiceIn === 0) yield { kind: `${sample.kind}, sent twice`, body: sample.body };
  }
}

/** The size of the largest event that is sent: 256 KiB of `data`. */
const LARGE = 256 * 1024;

const DAY = 86_400_000;

/**
 * The time of the events: the day before this process started, from midnight on. A store may refuse rows that are years old, so the
 * events have recent times. All runs on one day send the same events.
 */
const MIDNIGHT = (Math.floor(Date.now() / DAY) - 1) * DAY;

type Make = (number: number, chance: () => number) => Sample;

/** Nested objects, scripts and sizes of numbers that a store must keep. Some are rare, so that a run stays short. */
const WELL_FORMED: readonly Make[] = [
  (number, chance) => ({ kind: 'order', body: text(order(number, chance)) }),
  (number, chance) => ({ kind: 'reading', body: text(reading(number, chance)) }),
  (number, chance) => ({ kind: 'click', body: text(click(number, chance)) }),
  (number, chance) => ({ kind: 'order', body: text(order(number, chance, { partitionkey: `customer-${number % 50}` })) }),
  (number, chance) => ({ kind: 'reading', body: text(reading(number, chance)) }),
  (number, chance) => ({
    kind: 'unicode',
    body: text(click(number, chance, { data: { name: cycle(SCRIPTS, number), nothing: '\u0000' } })),
  }),
  (number) => ({
    kind: 'big integer',
    body: raw(number, `{"account":${900_719_925_474_099_300n + BigInt(number)},"balance":-9223372036854775808}`),
  }),
  (number) => ({
    kind: 'empty data',
    body: text(envelope(number, 'com.example.door.opened', { data: cycle([{}, [], null, '', undefined], number) })),
  }),
  (number) =>
    number % 17 === 0 ? large(number) : { kind: 'nested', body: text(envelope(number, 'com.example.config.changed', { data: nest(12) })) },
];

const SCRIPTS = ['Zoë Ångström', '東京都千代田区', 'مرحبا بالعالم', '👩‍🏭🚀', 'Ω≈ç√∫', 'e\u0301\u2028\u2029', 'שלום "quoted" \\ back'];

const MALFORMED: readonly Make[] = [
  ...['specversion', 'id', 'source', 'type', 'time'].map(
    (field): Make =>
      (number, chance) => ({ kind: `missing ${field}`, body: text({ ...order(number, chance), [field]: undefined }) }),
  ),
  (number, chance) => ({ kind: 'id of a wrong type', body: text({ ...order(number, chance), id: number }) }),
  (number, chance) => ({ kind: 'time without a zone', body: text({ ...order(number, chance), time: timeOf(number).slice(0, 19) }) }),
  (number, chance) => ({ kind: 'unknown specversion', body: text({ ...order(number, chance), specversion: '0.3' }) }),
  (number, chance) => ({ kind: 'nested extension', body: text({ ...order(number, chance), trace: { id: number } }) }),
  (number, chance) => ({ kind: 'bad JSON', body: text(order(number, chance)).subarray(0, -9) }),
  (number) => ({ kind: 'not UTF-8', body: Buffer.concat([raw(number, '"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}')]) }),
  (number, chance) => ({ kind: 'list of events', body: Buffer.from(`[${text(order(number, chance))}]`) }),
  (number) => ({ kind: 'number out of range', body: raw(number, '{"mass":1e999}') }),
  (number, chance) => ({ kind: 'long ago', body: text({ ...reading(number, chance), time: '1999-12-31T23:59:59Z' }) }),
  () => ({ kind: 'plain text', body: Buffer.from('hello?') }),
];

function timeOf(number: number): string {
  return new Date(MIDNIGHT + number * 997).toISOString();
}

function envelope(number: number, type: string, more: object = {}) {
  return {
    specversion: '1.0',
    id: `e-${String(number).padStart(6, '0')}`,
    source: `/plants/${number % 7}`,
    type,
    time: timeOf(number),
    ...more,
  };
}

function order(number: number, chance: () => number, more: object = {}) {
  const lines = Array.from({ length: 1 + Math.floor(chance() * 4) }, (_, line) => ({
    sku: `P-${Math.floor(chance() * 1e6)}`,
    quantity: 1 + Math.floor(chance() * 9),
    price: { amount: Math.round(chance() * 1e5) / 100, currency: cycle(['EUR', 'USD', 'JPY'], line) },
  }));
  return envelope(number, 'com.example.order.placed', {
    subject: `orders/${number}`,
    data: { customer: { id: number % 50, name: cycle(SCRIPTS, number), vip: chance() < 0.1 }, lines, note: null },
    ...more,
  });
}

function reading(number: number, chance: () => number) {
  const samples = Array.from({ length: 8 }, () => Math.round(chance() * 1e6) / 1e3);
  return envelope(number, 'com.example.press.heated', { sampled: true, data: { machine: `press-${number % 12}`, celsius: samples } });
}

function click(number: number, chance: () => number, more: object = {}) {
  return envelope(number, 'com.example.page.viewed', {
    traceid: Math.floor(chance() * 2 ** 52).toString(16),
    data: { url: `https://example.com/?q=${number}&lang=de#top`, referrer: null, ms: chance() * 900 },
    ...more,
  });
}

/** An event with the given text as its `data`, with all digits. */
function raw(number: number, data: string): Buffer {
  return Buffer.from(JSON.stringify(envelope(number, 'com.example.account.settled')).replace(/\}$/, `,"data":${data}}`));
}

function large(number: number): Sample {
  const line = `{"level":"info","message":"${cycle(SCRIPTS, number)}"}`.replace(/["\\]/g, "'");
  return {
    kind: '256 KiB',
    body: text(envelope(number, 'com.example.log.uploaded', { data: line.repeat(LARGE / Buffer.byteLength(line)) })),
  };
}

function nest(depth: number): unknown {
  return depth === 0 ? [true, 0.1, 'leaf'] : { depth, inner: nest(depth - 1), list: [[depth], {}] };
}

function text(event: object): Buffer {
  return Buffer.from(JSON.stringify(event));
}

function cycle<Item>(items: readonly Item[], number: number): Item {
  return items[Math.floor(number) % items.length]!;
}

/** One well-formed event of each type, except the large one, each as a line of JSON. */
export function samplesByType(): string[] {
  const events = take(corpus({ twiceIn: Number.POSITIVE_INFINITY, malformedIn: Number.POSITIVE_INFINITY }), WELL_FORMED.length);
  const lines = [...events].map(({ body }) => body.toString());
  return [...new Map(lines.map((line) => [JSON.parse(line).type, line])).values()];
}

/** Repeats a list endlessly. */
export function* cycled(samples: readonly Sample[]): Generator<Sample> {
  for (let round = 1; ; round += 1) {
    for (const { kind, body } of samples) yield { kind: round === 1 ? kind : `${kind}, sent again`, body };
  }
}

/** The first items of a sequence. */
export function* take<Item>(items: Iterable<Item>, count: number): Generator<Item> {
  if (count <= 0) return;
  let left = count;
  for (const item of items) {
    yield item;
    left -= 1;
    if (left === 0) return;
  }
}

/**
 * Read events from a file. Each line that is not empty is one event and is sent unchanged.
 * @throws Error if the file does not exist or is empty
 */
export function readEvents(file: string): Sample[] {
  let content: Buffer;
  try {
    content = readFileSync(file);
  } catch (error) {
    throw new Error(`--events must be a file with one event in each line, got "${file}": ${(error as NodeJS.ErrnoException).code}.`);
  }
  const samples: Sample[] = [];
  for (let start = 0; start < content.length; ) {
    const end = content.indexOf('\n', start);
    const line = content.subarray(start, end === -1 ? content.length : end);
    const body = line.at(-1) === 0x0d ? line.subarray(0, -1) : line;
    if (body.length > 0) samples.push({ kind: `line ${samples.length + 1}`, body });
    start = end === -1 ? content.length : end + 1;
  }
  if (samples.length === 0) throw new Error(`--events must be a file with one event in each line, and "${file}" is empty.`);
  return samples;
}
