import { hashOf } from './contents';
import { type Entry, type Ledger, rowHash, type Sent } from './ledger';
import type { Branch, Letter, StoredRow } from './platform';
import { many } from './text';

/** Where all sent events are at the end of a run. */
export interface Balance {
  readonly sent: number;
  /** How many of them the platform sent itself, such as the event of a new object. */
  readonly made: number;
  readonly accepted: number;
  /** How many were refused by the first service, by reason. */
  readonly rejected: Readonly<Record<string, number>>;
  /** How many are in the store. An event that was sent twice counts twice here. */
  readonly stored: number;
  /** How many the transform dropped. */
  readonly dropped: number;
  /** How many are in the dead letter, by reason. */
  readonly deadLettered: Readonly<Record<string, number>>;
  /** How many are both in the dead letter and in the store. */
  readonly inBoth: number;
  /** How many were sent as bytes that are not UTF-8, and stored as text. */
  readonly changedAtDoor: number;
  /** Duplicate rows that a reader of the store does not get. */
  readonly duplicatesRemoved: number;
  /**
   * What to do if all events were refused or are in the dead letter.
   * @default - something was stored, or dropped by the transform
   */
  readonly hint?: string;
  /** Each fault is one line. If there are none, no event was lost, duplicated, changed or invented. */
  readonly faults: readonly string[];
}

type Many<Item> = Iterable<Item> | AsyncIterable<Item>;

/** What is in the store and in the dead letter at the end. */
export interface Found {
  /** Every row of the store. */
  readonly rows: Many<StoredRow>;
  /** The rows without duplicates, if the template has a view or a key for that. */
  readonly unique?: Many<StoredRow>;
  readonly letters: readonly Letter[];
}

/**
 * Check that every accepted event is in the store, exactly as the transform returns it, or in the dead letter with unchanged bytes,
 * and not in both.
 */
export async function balanceOf(ledger: Ledger, found: Found): Promise<Balance> {
  return (await accountOf(ledger, found)).balance;
}

/** What became of the events at the door. */
function sentOf(entries: readonly Entry[]): Pick<Balance, 'sent' | 'made' | 'accepted' | 'rejected'> {
  return {
    sent: entries.length,
    made: entries.filter(({ made }) => made).length,
    accepted: entries.filter(isAccepted).length,
    rejected: tally(entries.flatMap(({ receipt }) => (receipt?.accepted === false ? [receipt.reason] : []))),
  };
}

/** A balance, and where each event is, by its number. */
interface Account {
  readonly balance: Balance;
  readonly stored: ReadonlySet<number>;
  readonly dropped: ReadonlySet<number>;
  readonly changedAtDoor: ReadonlySet<number>;
  /** The reason of each. */
  readonly lettered: ReadonlyMap<number, string>;
}

async function accountOf(ledger: Ledger, { rows, unique, letters }: Found): Promise<Account> {
  const { entries } = ledger;
  const store = await readRows(ledger, rows);
  const shown = unique && (await readRows(ledger, unique));
  const reasons = new Map(letters.map(({ bytes, reason }) => [hashOf(bytes), reason]));

  const isFound = (row: string) => store.found.has(row);
  /** The event as it was sent, or as text if the first service changed it to text. */
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
  /** If an event was accepted several times and only one copy is stored, the first entry counts as the stored one. */
  const standsForStored = (entry: Entry) => isStored(entry) && copies(entry).length > 1 && copies(entry)[0] === entry;

  const accepted = entries.filter(isAccepted);
  const lettered = accepted.filter((entry) => isLettered(entry) && !standsForStored(entry));
  const kept = accepted.filter((entry) => isStored(entry) && (!isLettered(entry) || standsForStored(entry)));
  const dropped = accepted.filter((entry) => isDropped(entry) && !isLettered(entry));
  const missing = accepted.filter((entry) => !isStored(entry) && !isLettered(entry) && !isDropped(entry));
  const inPart = missing.filter(isTouched);
  const altered = entries.filter(isAltered);
  const lost = missing.filter((entry) => !isTouched(entry) && !isAltered(entry));
  // If another entry has the same row, the row may belong to that entry.
  const isOnlyOwner = (entry: Entry) => rowsOf(entry).some((row) => isFound(row) && ledger.having(row).filter(isAccepted).length === 1);
  const inBoth = lettered.filter(isOnlyOwner);
  const isTurnedAway = ({ receipt }: Entry) => receipt?.accepted === false;
  const sneaked = entries.filter(
    (entry) => isTurnedAway(entry) && rowsOf(entry).some((row) => isFound(row) && ledger.having(row).every(isTurnedAway)),
  );
  const unheard = entries.filter(({ receipt }) => receipt === undefined);
  const fewer = kept.filter((entry) => rowsOf(entry).some((row) => store.found.get(row)! < bodiesOf(ledger, row)));
  // Of several events with the same source and id, a reader may get only one.
  const hidden = shown
    ? kept.filter(
        (entry) =>
          !rowsOf(entry).every((row) => shown.found.has(row)) && new Set(ledger.namesakes(entry).map(({ hash }) => hash)).size === 1,
      )
    : [];
  const twice = shown ? shown.total - shown.contents.size : 0;
  const strange = letters.filter((letter) => ledger.find(letter).length === 0);

  const changedAtDoor = kept.filter((entry) => arrived(entry) !== entry);
  const balance: Balance = {
    ...sentOf(entries),
    stored: kept.length,
    dropped: dropped.length,
    deadLettered: tally(lettered.map((entry) => reasonOf(entry)!)),
    inBoth: inBoth.length,
    changedAtDoor: changedAtDoor.length,
    duplicatesRemoved: store.total - (shown?.total ?? store.texts.size),
    faults: [
      ...said(lost, 'accepted, and neither in the store nor in the dead letter'),
      ...said(altered, 'in the store, and different from what the transform returns'),
      ...said(inPart, 'in the store with only some of the rows'),
      ...said(fewer, 'accepted, with a row that is in the store less often than the transform returned it'),
      ...said(inBoth, 'both in the store and in the dead letter'),
      ...said(sneaked, 'refused, and in the store'),
      ...said(unheard, 'sent, and got no response'),
      ...said(hidden, 'in the store, and missing in the view without duplicates'),
      ...counted(twice, 'in the view twice, which must have no duplicates'),
      ...counted(store.strangers.count, `from no event that was sent, first in ${store.strangers.first}`),
      ...counted(store.nameless.count, `different from all rows of the transform, without source and id, first in ${store.nameless.first}`),
      ...(strange.length > 0 ? [`${many(strange.length, 'dead letter')} from no event that was sent, first in ${strange[0]!.place}`] : []),
    ],
  };
  const numbersOf = (some: readonly Entry[]) => new Set(some.map(({ number }) => number));
  return {
    balance,
    stored: numbersOf(kept),
    dropped: numbersOf(dropped),
    changedAtDoor: numbersOf(changedAtDoor),
    lettered: new Map(lettered.map((entry) => [entry.number, reasonOf(entry)!])),
  };
}

/**
 * Check the same of each of several readers: it must have every event that it got, and no other. An event is counted where the readers
 * that store rows have it; where only files have it, as it was sent, it is counted there.
 */
export async function balanceOfEach(ledger: Ledger, found: Found, branches: readonly Branch[]): Promise<Balance> {
  const rows: StoredRow[] = [];
  for await (const row of found.rows) rows.push(row);
  const each = await Promise.all(
    branches.map(async (branch) => {
      const { name, takes, has } = branch;
      const own = { rows: rows.filter(({ place }) => has(place)), letters: found.letters.filter(({ place }) => has(place)) };
      const account = await accountOf(ledger.of(name).only(takes), own);
      return { ...account, branch, faults: account.balance.faults.map((fault) => `${name}: ${fault}`) };
    }),
  );
  const isOwned = ({ place }: StoredRow | Letter) => branches.some(({ has }) => has(place));
  const strays = [...rows, ...found.letters].filter((one) => !isOwned(one));
  const accepted = ledger.entries.filter(isAccepted);
  const countedIn = ({ hash, asText }: Entry) => {
    const took = each.filter(({ branch }) => branch.takes(hash) || (asText !== undefined && branch.takes(asText.hash)));
    const withRows = took.filter(({ branch }) => !branch.make);
    return withRows.length > 0 ? withRows : took;
  };
  const ends = accepted.map((entry) => {
    const readers = countedIn(entry);
    const { number } = entry;
    const isIn = (where: 'stored' | 'dropped' | 'changedAtDoor') => readers.some((reader) => reader[where].has(number));
    const reason = readers.map(({ lettered }) => lettered.get(number)).find((one) => one !== undefined);
    const isStored = reason === undefined && isIn('stored');
    const isDropped = reason === undefined && !isStored && isIn('dropped');
    return { entry, isTaken: readers.length > 0, reason, isStored, isDropped, isChanged: isStored && isIn('changedAtDoor') };
  });
  const unheard = ledger.entries.filter(({ receipt }) => receipt === undefined);
  const untaken = ends.flatMap(({ entry, isTaken }) => (isTaken ? [] : [entry]));
  const summed = (count: 'inBoth' | 'duplicatesRemoved') => sum(each.map(({ balance }) => balance[count]));
  return {
    ...sentOf(ledger.entries),
    stored: ends.filter(({ isStored }) => isStored).length,
    dropped: ends.filter(({ isDropped }) => isDropped).length,
    deadLettered: tally(ends.flatMap(({ reason }) => reason ?? [])),
    inBoth: summed('inBoth'),
    changedAtDoor: ends.filter(({ isChanged }) => isChanged).length,
    duplicatesRemoved: summed('duplicatesRemoved'),
    faults: [
      ...each.flatMap(({ faults }) => faults),
      ...said(unheard, 'sent, and got no response'),
      ...said(untaken, 'accepted, and sent to no reader'),
      ...counted(strays.length, `of no reader, first in ${strays[0]?.place}`),
    ],
  };
}

interface Rows {
  total: number;
  /** The hashes of all rows as text, and of their contents. */
  readonly texts: Set<string>;
  readonly contents: Set<string>;
  /** How often each row of the transform is in the store, by its hash. */
  readonly found: Map<string, number>;
  /** The names of events whose rows differ from those of the transform. */
  readonly altered: Set<string>;
  readonly strangers: { count: number; first?: string };
  readonly nameless: { count: number; first?: string };
}

/** Read the rows once, without keeping them in memory. */
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

/** How many different events have this row. */
function bodiesOf(ledger: Ledger, row: string): number {
  const having = ledger.having(row);
  return having.length === 1 ? 1 : new Set(having.filter(isAccepted).map(({ hash }) => hash)).size;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
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
