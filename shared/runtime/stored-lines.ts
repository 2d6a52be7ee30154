import { createHash } from 'node:crypto';
import type { Transform } from './event';
import type { Line } from './lines';
import { recordsOf, writeLot } from './lots';
import type { Made, Refusal, Sink, SourceRecord } from './sink';
import { type DeadLetter, judge, deadLetter as letterOf } from './verdict';

/** An object that is read: exactly one version, which never changes. */
export interface OpenedObject {
  /** When it was stored: the same at every read. */
  readonly stored: Date;
  /** Its version, or its entity tag. */
  readonly version: string;
  readonly lines: AsyncIterable<Line>;
}

/** A lot is written when its lines have this many bytes. Two tries divide an object into the same lots, because an object never changes. */
const LOT_BYTES = 8 * 1024 * 1024;
/** How many lines of one object go to the dead letter as they are, and how many bytes of them. */
const [LETTERS, LETTER_BYTES] = [100, 8 * 1024 * 1024];

/** Where in an object something is wrong, and what. */
interface Fault {
  readonly line: number;
  readonly reason: string;
}

/** What became of the lines of an object. */
export interface StoredLines {
  /** How many lines it has. */
  readonly lines: number;
  /** The dead letters of the first lines that can never be processed: at most a hundred. */
  readonly letters: readonly DeadLetter[];
  /** What stands for all further lines that can never be processed, if there are any: the number of the first one, and a reason. */
  readonly rest?: Fault;
}

/**
 * Write the rows of an object, while it is read: each line is an event of the contract. It is written in lots, so an object can be larger
 * than the memory of the function.
 * @param place what names the object and its version: it is a part of the position of each dead letter, and of the names of lots
 * @throws Error when the object cannot be read or the store cannot be reached: the same lines make the same lots at the next try
 */
export async function storeLines<Stored>(
  object: OpenedObject,
  place: DeadLetter['position'],
  { transform, sink }: { readonly transform: Transform; readonly sink: Sink<Stored> },
  signal: AbortSignal,
): Promise<StoredLines> {
  const encode: Sink<Stored>['encode'] = (row, event, index) => sink.encode(row, event, index);
  const refused = new Refused();
  let [made, bytes, lines]: [Made<Stored>[], number, number] = [[], 0, 0];
  const write = async () => {
    if (made.length > 0) refused.add(await writeLot(sink, (some) => lotOf(some, place), made, signal));
    [made, bytes] = [[], 0];
  };
  for await (const line of object.lines) {
    lines++;
    if ('fault' in line) {
      refused.addFault({ line: line.number, reason: line.fault });
      continue;
    }
    const record: SourceRecord = { bytes: line.bytes, arrived: object.stored, position: { ...place, line: line.number } };
    const verdict = judge(line.bytes, transform, encode);
    if ('reason' in verdict) refused.add([{ record, reason: verdict.reason }]);
    // One by one: an event can make more rows than a call takes arguments.
    else for (const stored of verdict.rows) made.push({ stored, record });
    bytes += line.bytes.length;
    if (bytes >= LOT_BYTES) await write();
  }
  await write();
  return { lines, letters: refused.letters, rest: refused.rest() };
}

/** What of an object can never be processed. */
class Refused {
  /** The first lines, as they are. */
  readonly letters: DeadLetter[] = [];
  private left = LETTER_BYTES;
  private others = 0;
  private first?: Fault;

  add(refusals: readonly Refusal[]) {
    for (const { record, reason } of refusals) {
      this.left -= record.bytes.length;
      if (this.letters.length < LETTERS && this.left >= 0) this.letters.push(letterOf(record.bytes, reason, record.position));
      else this.addFault({ line: Number(record.position.line), reason });
    }
  }

  addFault(fault: Fault) {
    this.others++;
    this.first ??= fault;
  }

  /** All lines that are not among the letters. */
  rest(): Fault | undefined {
    if (!this.first) return undefined;
    const { line, reason } = this.first;
    return { line, reason: this.others === 1 ? `line ${line}: ${reason}` : `line ${line} and ${this.others - 1} more: ${reason}` };
  }
}

/**
 * A lot is named by the version of the object, and by the lines that have rows in it. The hash has all of these lines: after the
 * transform was corrected, other lines have rows, and so the lot gets another name.
 */
function lotOf<Stored>(made: readonly Made<Stored>[], place: DeadLetter['position']) {
  const records = recordsOf(made);
  const lines = records.map(({ position }) => position.line);
  const hash = createHash('sha256')
    .update(JSON.stringify([...Object.values(place), lines]))
    .digest('hex')
    .slice(0, 16);
  return { name: `${hash}-${lines[0]}-${lines.at(-1)}`, arrived: records[0]!.arrived, made };
}
