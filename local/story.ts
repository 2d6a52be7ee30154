import type { Balance } from './balance';
import type { Coverage } from './coverage';
import type { Entry, Ledger } from './ledger';
import type { Letter, Places, Receipt, Replay, StoredRow, Witness } from './platform';
import { many } from './text';

/** How many events stand where. */
export interface Counts {
  readonly sent: number;
  readonly rejected: number;
  /** Accepted and not settled. */
  readonly buffered: number;
  readonly deliveries: number;
  readonly stored: number;
  readonly deadLettered: number;
  /** Done, and the transform made no rows of them. */
  readonly dropped: number;
}

/** A stage of the platform, such as Buffer, and what stands in it. */
export interface Stage {
  readonly stage: string;
  readonly service: string;
}

/** What a run tells whoever watches. */
export type Message =
  /** The stages of the platform that is run, and the service in each. */
  | { readonly kind: 'stages'; readonly stages: readonly Stage[] }
  | { readonly kind: 'coverage'; readonly coverage: Coverage; readonly overrides: readonly string[] }
  | { readonly kind: 'up'; readonly places: Places; readonly replays: readonly Replay[]; readonly pace: number; readonly seed: number }
  /** The whole way of one event: where it stood in the buffer, each time it was brought to the handler, and where it ended. */
  | {
      readonly kind: 'way';
      readonly number: number;
      readonly event: string;
      readonly way: readonly string[];
      readonly end: End;
      /** The run did not send it. */
      readonly byHand: boolean;
    }
  | { readonly kind: 'incident'; readonly text: string }
  | { readonly kind: 'log'; readonly line: string }
  | { readonly kind: 'counts'; readonly counts: Counts }
  | {
      readonly kind: 'end';
      readonly balance: Balance;
      readonly places: Places;
      readonly seconds: number;
      /** For each dead letter that can be replayed, while the platform stays up. */
      readonly replays: readonly Replay[];
    }
  /** Nothing here stands in for something of the template. Nothing is wrong with it. */
  | { readonly kind: 'not run'; readonly reason: string }
  | { readonly kind: 'failed'; readonly reason: string };

/** Where the way of an event ends. */
export type End = 'rejected' | 'stored' | 'dead letter' | 'dropped';

/** Follows each event from stage to stage, and tells of it. */
export class Story implements Witness {
  /** The steps of each event in the buffer, by its position. A handler may have it before the sender hears where it is. */
  private readonly steps = new Map<string, string[]>();
  /** Where events ended whose sender has not heard yet. */
  private readonly early = new Map<Entry, Ending>();
  private readonly ended = new Set<Entry>();
  /** Events that the transform drops, by their position. They are at their end when their batch is done. */
  private readonly dropping = new Map<string, Entry>();
  /** How many came in by hand and were not answered yet. */
  unanswered = 0;
  private why?: string;
  private counts = { sent: 0, rejected: 0, deliveries: 0, stored: 0, deadLettered: 0, dropped: 0 };

  constructor(
    private readonly ledger: Ledger,
    private readonly tell: (message: Message) => void,
  ) {}

  /** The front door has answered. */
  received(entry: Entry, receipt: Receipt) {
    entry.receipt = receipt;
    this.counts.sent += 1;
    if (!receipt.accepted) {
      this.counts.rejected += 1;
      this.end(entry, { step: `refused: ${receipt.reason}`, end: 'rejected' });
    }
    const early = this.early.get(entry);
    if (early) this.end(entry, early);
    else if (receipt.accepted && isDropped(entry)) {
      this.dropping.set(receipt.position, entry);
      if (this.steps.get(receipt.position)?.includes(DONE)) this.drop(receipt.position);
    }
  }

  arrived(body: Buffer) {
    const entry = this.ledger.adopt(body);
    this.unanswered += 1;
    return (receipt: Receipt) => {
      this.unanswered -= 1;
      this.received(entry, receipt);
    };
  }

  delivered({ positions, attempt, from }: Parameters<Witness['delivered']>[0]) {
    this.counts.deliveries += 1;
    this.step(positions, `${many(positions.length, 'event')} of ${from}${attempt > 1 ? `, try ${attempt}` : ''}`);
  }

  answered({ positions, outcome, why }: Parameters<Witness['answered']>[0]) {
    if (outcome === 'settled') {
      // A position without steps is at its end.
      this.step(
        positions.filter((position) => this.steps.has(position)),
        DONE,
      );
      for (const position of positions) this.drop(position);
      return;
    }
    const what = outcome === 'again' ? 'again' : 'given up';
    this.step(positions, what);
    this.incident(`${many(positions.length, 'event')} ${what}${why ? `: ${why}` : ''}`);
  }

  stored(rows: readonly StoredRow[]) {
    this.counts.stored += rows.length;
    for (const row of rows) for (const entry of this.ledger.find(row)) this.end(entry, { step: row.place, end: 'stored' });
  }

  deadLettered(letter: Letter) {
    this.counts.deadLettered += 1;
    for (const entry of this.ledger.find(letter)) this.end(entry, { step: letter.reason, end: 'dead letter' });
  }

  incident(text: string) {
    this.tell({ kind: 'incident', text });
  }

  broken(why: string) {
    this.why ??= why;
  }

  /** @throws Error when something is broken for good */
  requireWhole() {
    if (this.why !== undefined) throw new Error(this.why);
  }

  log(line: string) {
    this.tell({ kind: 'log', line });
  }

  /** Tell how many events stand where. */
  tellCounts(buffered: number) {
    this.tell({ kind: 'counts', counts: { ...this.counts, buffered } });
  }

  private drop(position: string) {
    const entry = this.dropping.get(position);
    if (!entry) return;
    this.dropping.delete(position);
    this.counts.dropped += 1;
    this.end(entry, { step: 'dropped by the transform', end: 'dropped' });
  }

  private step(positions: readonly string[], step: string) {
    for (const position of positions) {
      const steps = this.steps.get(position);
      if (steps) steps.push(step);
      else this.steps.set(position, [step]);
    }
  }

  /** An event that was sent twice, or brought twice, ends twice. Its way is told once. */
  private end(entry: Entry, ending: Ending) {
    const { receipt, number, kind, byHand } = entry;
    if (this.ended.has(entry)) return;
    if (!receipt) {
      this.early.set(entry, ending);
      return;
    }
    this.ended.add(entry);
    const steps = receipt.accepted ? (this.steps.get(receipt.position) ?? []).filter((step) => step !== DONE) : [];
    const way = receipt.accepted ? [receipt.position, ...steps] : [];
    if (receipt.accepted) this.steps.delete(receipt.position);
    this.tell({ kind: 'way', number, event: kind, way: [...way, ending.step], end: ending.end, byHand });
  }
}

/** The step of a batch that is done. */
const DONE = 'done';

function isDropped({ rows, asText }: Entry): boolean {
  return rows?.length === 0 || asText?.rows?.length === 0;
}

interface Ending {
  readonly step: string;
  readonly end: End;
}
