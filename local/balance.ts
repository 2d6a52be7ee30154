import { hashOf } from './contents';
import { type Entry, type Ledger, rowHash, type Sent } from './ledger';
import type { Letter, StoredRow } from './platform';
import { many } from './text';

/** What became of everything that was sent. */
export interface Balance {
  readonly sent: number;
  readonly accepted: number;
  /** How many were turned away at the door, by the reason that was given. */
  readonly rejected: Readonly<Record<string, number>>;
  /** How many are in the store. An event that was sent twice counts twice here. */
  readonly stored: number;
  /** How many the transform makes no rows of. */
  readonly dropped: number;
  /** How many are in the dead letter, by their reason. */
  readonly deadLettered: Readonly<Record<string, number>>;
  /** How many of those in the dead letter are in the store as well. */
  readonly inBoth: number;
  /** How many are stored as text that were sent as bytes that are none. */
  readonly changedAtDoor: number;
  /** Rows that were written more than once, and that a reader leaves out. */
  readonly duplicatesRemoved: number;
  /**
   * What to do where all that was sent was refused or is in the dead letter.
   * @default - something was stored, or dropped by the transform
   */
  readonly hint?: string;
  /** What must not be: each is a line. Nothing is lost, doubled, changed or made up while this is empty. */
  readonly faults: readonly string[];
}

type Many<Item> = Iterable<Item> | AsyncIterable<Item>;

/** What a reader finds at the end. */
export interface Found {
  /** Every row of the store. */
  readonly rows: Many<StoredRow>;
  /** The rows without those that were written twice, by whatever the template offers for it. */
  readonly unique?: Many<StoredRow>;
  readonly letters: readonly Letter[];
}

/**
 * Balance the books: every event that the front door took must be in the store, as the transform makes it, or in the dead
 * letter, byte by byte, and not in both.
 */
export async function balanceOf(ledger: Ledger, { rows, unique, letters }: Found): Promise<Balance> {
  const { entries } = ledger;
  const store = await readRows(ledger, rows);
  const shown = unique && (await readRows(ledger, unique));
  const reasons = new Map(letters.map(({ bytes, reason }) => [hashOf(bytes), reason]));

  const isFound = (row: string) => store.found.has(row);
  /** What arrived: the event as it was sent, unless only its text did. */
  const arrived = (entry: Entry): Sent => {
    const { asText } = entry;
    return asText && (reasons.has(asText.hash) || asText.rows?.some(isFound)) ? asText : entry;
  };
  const rowsOf = (entry: Entry) => arrived(entry).rows ?? [];
  const reasonOf = (entry: Entry) => reasons.get(arrived(entry).hash);
  const isLettered = (entry: Entry) => reasonOf(entry) !== undefined;
  const isStored = (entry: Entry) => rowsOf(entry).length > 0 && rowsOf(entry).every(isFound);
  const isTouched = (entry: Entry) => rowsOf(entry).some(isFound);
  const isDropped = (entry: Entry) => arrived(entry).rows?.length === 0;
  const isAltered = ({ name }: Entry) => name !== undefined && store.altered.has(name);
  const copies = (entry: Entry) => ledger.namesakes(entry).filter((one) => isAccepted(one) && one.hash === entry.hash);
  /** Of an event that was accepted several times, one copy may be stored and the others not: the first stands for the stored one. */
  const standsForStored = (entry: Entry) => isStored(entry) && copies(entry).length > 1 && copies(entry)[0] === entry;

  const accepted = entries.filter(isAccepted);
  const lettered = accepted.filter((entry) => isLettered(entry) && !standsForStored(entry));
  const kept = accepted.filter((entry) => isStored(entry) && (!isLettered(entry) || standsForStored(entry)));
  const dropped = accepted.filter((entry) => isDropped(entry) && !isLettered(entry));
  const missing = accepted.filter((entry) => !isStored(entry) && !isLettered(entry) && !isDropped(entry));
  const inPart = missing.filter(isTouched);
  const altered = entries.filter(isAltered);
  const lost = missing.filter((entry) => !isTouched(entry) && !isAltered(entry));
  // Where another entry has the same row, the row is that one's.
  const isOnlyOwner = (entry: Entry) => rowsOf(entry).some((row) => isFound(row) && ledger.having(row).filter(isAccepted).length === 1);
  const inBoth = lettered.filter(isOnlyOwner);
  const isTurnedAway = ({ receipt }: Entry) => receipt?.accepted === false;
  const sneaked = entries.filter(
    (entry) => isTurnedAway(entry) && rowsOf(entry).some((row) => isFound(row) && ledger.having(row).every(isTurnedAway)),
  );
  const unheard = entries.filter(({ receipt }) => receipt === undefined);
  const fewer = kept.filter((entry) => rowsOf(entry).some((row) => store.found.get(row)! < bodiesOf(ledger, row)));
  // Of several events with one name, a reader may be shown one.
  const hidden = shown
    ? kept.filter(
        (entry) =>
          !rowsOf(entry).every((row) => shown.found.has(row)) && new Set(ledger.namesakes(entry).map(({ hash }) => hash)).size === 1,
      )
    : [];
  const twice = shown ? shown.total - shown.contents.size : 0;
  const strange = letters.filter((letter) => ledger.find(letter).length === 0);

  return {
    sent: entries.length,
    accepted: accepted.length,
    rejected: tally(entries.flatMap(({ receipt }) => (receipt?.accepted === false ? [receipt.reason] : []))),
    stored: kept.length,
    dropped: dropped.length,
    deadLettered: tally(lettered.map((entry) => reasonOf(entry)!)),
    inBoth: inBoth.length,
    changedAtDoor: kept.filter((entry) => arrived(entry) !== entry).length,
    duplicatesRemoved: store.total - (shown?.total ?? store.texts.size),
    faults: [
      ...said(lost, 'accepted, and neither in the store nor in the dead letter'),
      ...said(altered, 'in the store, and not as the transform makes it of what was sent'),
      ...said(inPart, 'in the store with some of its rows only'),
      ...said(fewer, 'accepted, and stands for a row that is in the store less often than it was made'),
      ...said(inBoth, 'both in the store and in the dead letter'),
      ...said(sneaked, 'turned away at the door, and in the store all the same'),
      ...said(unheard, 'never answered by the front door'),
      ...said(hidden, 'in the store, and not shown to a reader'),
      ...counted(twice, 'shown twice by what should show each once'),
      ...counted(store.strangers.count, `of no event that was sent, first in ${store.strangers.first}`),
      ...counted(store.nameless.count, `like none that the transform makes, with no source and id, first in ${store.nameless.first}`),
      ...(strange.length > 0 ? [`${many(strange.length, 'dead letter')} of no event that was sent, first in ${strange[0]!.place}`] : []),
    ],
  };
}

interface Rows {
  total: number;
  /** The hashes of all texts, and of all contents. */
  readonly texts: Set<string>;
  readonly contents: Set<string>;
  /** How often each row that a transform makes is there, by its hash. */
  readonly found: Map<string, number>;
  /** The names of events whose rows are like none that the transform makes. */
  readonly altered: Set<string>;
  readonly strangers: { count: number; first?: string };
  readonly nameless: { count: number; first?: string };
}

/** Go through the rows once, and keep none of them. */
async function readRows(ledger: Ledger, rows: Many<StoredRow>): Promise<Rows> {
  const read: Rows = {
    total: 0,
    texts: new Set(),
    contents: new Set(),
    found: new Map(),
    altered: new Set(),
    strangers: { count: 0 },
    nameless: { count: 0 },
  };
  for await (const row of rows) {
    const hash = rowHash(row);
    read.total += 1;
    read.texts.add(hashOf(row.text));
    read.contents.add(hash);
    const [namesake] = row.event ? ledger.named(row.event) : [];
    if (ledger.having(hash).length > 0) read.found.set(hash, (read.found.get(hash) ?? 0) + 1);
    else if (namesake) read.altered.add(namesake.name!);
    else {
      const group = row.event ? read.strangers : read.nameless;
      group.count += 1;
      group.first ??= row.place;
    }
  }
  return read;
}

/** How many different events have a row like this. */
function bodiesOf(ledger: Ledger, row: string): number {
  const having = ledger.having(row);
  return having.length === 1 ? 1 : new Set(having.filter(isAccepted).map(({ hash }) => hash)).size;
}

function isAccepted({ receipt }: Entry): boolean {
  return receipt?.accepted === true;
}

function said(entries: readonly Entry[], what: string): string[] {
  if (entries.length === 0) return [];
  const some = entries.slice(0, 3).map(({ number, kind }) => `#${number} (${kind})`);
  return [`${many(entries.length, 'event')} ${what}: ${some.join(', ')}${entries.length > 3 ? ', ...' : ''}`];
}

function counted(count: number, what: string): string[] {
  return count > 0 ? [`${many(count, 'row is', 'rows are')} ${what}`] : [];
}

function tally(reasons: readonly string[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return Object.fromEntries([...counts].sort(([, a], [, b]) => b - a));
}
