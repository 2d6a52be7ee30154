import { type AsRead, hashOf, hashOfTree, treeOf } from './contents';
import type { Sample } from './corpus';
import type { Made } from './made';
import type { Branch, EventName, Letter, Receipt, StoredRow } from './platform';

/** One event that was sent. */
export interface Entry extends Sent {
  /** The number of the event, from 1. */
  readonly number: number;
  readonly kind: string;
  /** It was not sent by the run, but with `curl` or by a replay. */
  readonly byHand: boolean;
  /** The platform sent it itself, such as the event of a new object. */
  readonly made: boolean;
  /** Its `source` and `id`, if it has both. */
  readonly name?: string;
  /** The event as text, if its bytes are not UTF-8: the first service may read every body as text. */
  readonly asText?: Sent;
  receipt?: Receipt;
}

/** The bytes of an event, and the rows that must be stored for them. */
export interface Sent {
  /** The hash of the bytes. */
  readonly hash: string;
  /** The hash of each row that the transform returns. `undefined`: the event belongs in the dead letter. */
  readonly rows?: readonly string[];
}

/** Records what was sent: names and hashes, not the events themselves. */
export class Ledger {
  readonly entries: Entry[] = [];
  /** The form in which a reader of the store gets a row. By default as the transform returns it. */
  asRead: AsRead = (row) => row;
  private readonly byName = new Map<string, Entry[]>();
  private readonly byHash = new Map<string, Entry[]>();
  private readonly byRow = new Map<string, Entry[]>();

  /** The same events, for readers whose store has something else of an event. */
  private readonly twins = new Map<string, Ledger>();

  /** @param make calculates the expected rows of an event */
  constructor(public make: (body: Buffer) => Made) {}

  /** Record the events that follow for a reader whose store has something else of an event, too. */
  addReader({ name, make = this.make, asRead = this.asRead }: Pick<Branch, 'name' | 'make' | 'asRead'>) {
    const twin = new Ledger(make);
    twin.asRead = asRead;
    this.twins.set(name, twin);
  }

  /** The events for a reader. */
  of(reader: string): Ledger {
    return this.twins.get(reader) ?? this;
  }

  /** Record an event that the run did not send. */
  adopt(body: Buffer): Entry {
    const [known] = this.byHash.get(hashOf(body)) ?? [];
    if (known && !known.byHand) return this.open({ kind: `${known.kind}, sent again`, body }, true);
    const [, id] = JSON.parse(nameIn(body) ?? '[]') as string[];
    return this.open({ kind: id === undefined ? 'by hand' : `by hand, id ${id}`, body }, true);
  }

  /** Record an event that the platform sent itself. */
  follows(kind: string, body: Buffer): Entry {
    return this.open({ kind, body }, false, true);
  }

  /** Record an event before it is sent. */
  open({ kind, body }: Sample, byHand = false, made = false): Entry {
    const text = Buffer.from(body.toString());
    const entry: Entry = {
      ...this.sent(body),
      number: this.entries.length + 1,
      kind,
      byHand,
      made,
      name: nameIn(body),
      asText: text.equals(body) ? undefined : this.sent(text),
    };
    this.add(entry);
    for (const twin of this.twins.values()) twin.follow(entry, body);
    return entry;
  }

  /** Record an event of another ledger. Its response is that of the other one. */
  private follow(entry: Entry, body: Buffer) {
    const asText = entry.asText && this.sent(Buffer.from(body.toString()));
    const own: Entry = Object.defineProperty({ ...entry, ...this.sent(body), asText }, 'receipt', { get: () => entry.receipt });
    this.add(own);
  }

  /** The entries whose bytes, as they were sent or as text, have one of some hashes. */
  only(takes: (hash: string) => boolean): Ledger {
    const some = new Ledger(this.make);
    some.asRead = this.asRead;
    for (const entry of this.entries) if (takes(entry.hash) || (entry.asText && takes(entry.asText.hash))) some.add(entry);
    return some;
  }

  private add(entry: Entry) {
    this.entries.push(entry);
    if (entry.name) push(this.byName, entry.name, entry);
    for (const { hash, rows = [] } of [entry, ...(entry.asText ? [entry.asText] : [])]) {
      push(this.byHash, hash, entry);
      for (const row of rows) push(this.byRow, row, entry);
    }
  }

  /** The entries of a row or of a dead letter. A row without `source` and `id` belongs to the entries that have an equal row. */
  find(what: StoredRow | Letter): readonly Entry[] {
    if ('bytes' in what) return this.byHash.get(hashOf(what.bytes)) ?? [];
    return what.event ? this.named(what.event) : this.having(rowHash(what));
  }

  named(event: EventName): readonly Entry[] {
    return this.byName.get(nameOf(event)) ?? [];
  }

  /** All entries with the same name, including this one. */
  namesakes({ name }: Entry): readonly Entry[] {
    return name === undefined ? [] : (this.byName.get(name) ?? []);
  }

  /** The entries that have a row with this hash. */
  having(row: string): readonly Entry[] {
    return this.byRow.get(row) ?? [];
  }

  private sent(body: Buffer): Sent {
    const made = this.make(body);
    const rows = 'rows' in made ? made.rows.map((row, index) => hashOfTree(this.asRead(row, made.event, index))) : undefined;
    return { hash: hashOf(body), rows };
  }
}

/** The hash of the content of a row. A row that is not JSON equals no row of a transform. */
export function rowHash({ content, text }: StoredRow): string {
  const tree = content ?? treeOf(text);
  return tree === undefined ? hashOf(text) : hashOfTree(tree);
}

function push<Key, Value>(map: Map<Key, Value[]>, key: Key, value: Value) {
  const values = map.get(key);
  if (values) values.push(value);
  else map.set(key, [value]);
}

function nameIn(body: Buffer): string | undefined {
  try {
    const { source, id } = JSON.parse(body.toString());
    return typeof source === 'string' && typeof id === 'string' ? nameOf({ source, id }) : undefined;
  } catch {
    return undefined;
  }
}

function nameOf({ source, id }: EventName): string {
  return JSON.stringify([source, id]);
}
