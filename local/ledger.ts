import { createHash } from 'node:crypto';
import type { Sample } from './corpus';
import type { EventName, Letter, Receipt, StoredRow } from './platform';

/** One event that was sent. */
export interface Entry {
  /** Which one it was, from 1. */
  readonly number: number;
  readonly kind: string;
  /** Its `source` and `id`, where it has both. */
  readonly name?: string;
  /** The hash of its bytes. */
  readonly hash: string;
  receipt?: Receipt;
}

/** What became of everything that was sent. */
export interface Balance {
  readonly sent: number;
  readonly accepted: number;
  /** How many were turned away at the door, by the reason that was given. */
  readonly rejected: Readonly<Record<string, number>>;
  /** How many are in the store. An event that was sent twice counts twice here. */
  readonly stored: number;
  /** How many are in the dead letter, by their reason. */
  readonly deadLettered: Readonly<Record<string, number>>;
  /** Rows that were written more than once, and that a reader leaves out. */
  readonly duplicatesRemoved: number;
  /** What must not be: each is a line. Nothing is lost, doubled or made up while this is empty. */
  readonly faults: readonly string[];
}

/**
 * The books: every event that the front door took must be in the store or in the dead letter, and not in both.
 *
 * Rows are told apart by `source` and `id`, dead letters by their bytes.
 */
export class Ledger {
  readonly entries: Entry[] = [];
  private readonly byName = new Map<string, Entry[]>();
  private readonly byHash = new Map<string, Entry[]>();

  /** An event is about to be sent. */
  open({ kind, body }: Sample): Entry {
    const entry: Entry = { number: this.entries.length + 1, kind, name: nameIn(body), hash: hashOf(body) };
    this.entries.push(entry);
    if (entry.name) push(this.byName, entry.name, entry);
    push(this.byHash, entry.hash, entry);
    return entry;
  }

  /** The entries of a row, or of a dead letter. */
  find(what: { readonly event?: EventName } | { readonly bytes: Buffer }): readonly Entry[] {
    if ('bytes' in what) return this.byHash.get(hashOf(what.bytes)) ?? [];
    return (what.event && this.byName.get(nameOf(what.event))) ?? [];
  }

  /**
   * Balance the books.
   * @param rows every row of the store
   * @param unique the rows that are left when a reader has removed what was written twice
   */
  balance(rows: readonly StoredRow[], unique: readonly StoredRow[], letters: readonly Letter[]): Balance {
    const reasons = new Map(letters.map(({ bytes, reason }) => [hashOf(bytes), reason]));
    // A door may change bytes that are no text. Then the name still tells which event it was.
    const changed = new Map(letters.flatMap(({ bytes, reason }) => (this.byHash.has(hashOf(bytes)) ? [] : [[nameIn(bytes), reason]])));
    const reasonOf = ({ hash, name }: Entry) => reasons.get(hash) ?? (name === undefined ? undefined : changed.get(name));
    const inStore = new Set(rows.flatMap(({ event }) => (event ? [nameOf(event)] : [])));
    const isStored = ({ name }: Entry) => name !== undefined && inStore.has(name);
    const isLettered = (entry: Entry) => reasonOf(entry) !== undefined;

    const accepted = this.entries.filter(isAccepted);
    const lettered = accepted.filter((entry) => isLettered(entry) && !this.isStoredCopy(entry, isStored, isLettered));
    const stored =
      accepted.filter((entry) => isStored(entry) && !isLettered(entry)).length + accepted.filter(isLettered).length - lettered.length;
    const lost = accepted.filter((entry) => !isStored(entry) && !isLettered(entry));
    // Where another entry of the name is stored, the row is that one's.
    const doubled = lettered.filter((entry) => isStored(entry) && this.byName.get(entry.name!)!.filter(isAccepted).length === 1);
    const isTurnedAway = ({ receipt }: Entry) => receipt?.accepted === false;
    const sneaked = this.entries.filter(
      (entry) => isTurnedAway(entry) && isStored(entry) && this.byName.get(entry.name!)!.every(isTurnedAway),
    );
    const unheard = this.entries.filter(({ receipt }) => receipt === undefined);
    const strangers = rows.filter((row) => row.event && this.find(row).length === 0);
    const untold = rows.filter(({ event }) => event === undefined);
    const twice = unique.length - new Set(unique.map(({ text }) => text)).size;

    return {
      sent: this.entries.length,
      accepted: accepted.length,
      rejected: tally(this.entries.flatMap(({ receipt }) => (receipt?.accepted === false ? [receipt.reason] : []))),
      stored,
      deadLettered: tally(lettered.map((entry) => reasonOf(entry)!)),
      duplicatesRemoved: rows.length - unique.length,
      faults: [
        ...said(lost, 'accepted, and neither in the store nor in the dead letter'),
        ...said(doubled, 'both in the store and in the dead letter'),
        ...said(sneaked, 'turned away at the door, and in the store all the same'),
        ...said(unheard, 'never answered by the front door'),
        ...(twice > 0 ? [`${twice} rows are shown twice by what should show each once`] : []),
        ...(strangers.length > 0 ? [`${strangers.length} rows are of no event that was sent, first in ${strangers[0]!.place}`] : []),
        ...(untold.length > 0
          ? [`${untold.length} rows carry no source and id, so nobody can tell which events they are, first in ${untold[0]!.place}`]
          : []),
      ],
    };
  }

  /** Of an event that was accepted several times, one copy may be stored and the others not: the first stands for the stored one. */
  private isStoredCopy(entry: Entry, isStored: (entry: Entry) => boolean, isLettered: (entry: Entry) => boolean): boolean {
    if (!isStored(entry)) return false;
    const copies = this.byName.get(entry.name!)!.filter(isAccepted);
    return copies.length > 1 && copies[0] === entry && copies.every(isLettered);
  }
}

function isAccepted({ receipt }: Entry): boolean {
  return receipt?.accepted === true;
}

/** The rows without those that were written twice. */
export function withoutDuplicates(rows: readonly StoredRow[]): StoredRow[] {
  return [...new Map(rows.map((row) => [row.text, row])).values()];
}

function said(entries: readonly Entry[], what: string): string[] {
  if (entries.length === 0) return [];
  const some = entries.slice(0, 3).map(({ number, kind }) => `#${number} (${kind})`);
  return [`${entries.length} ${entries.length === 1 ? 'event' : 'events'} ${what}: ${some.join(', ')}${entries.length > 3 ? ', ...' : ''}`];
}

function tally(reasons: readonly string[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return Object.fromEntries([...counts].sort(([, a], [, b]) => b - a));
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

function hashOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('base64');
}
