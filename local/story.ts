import type { Balance } from './balance';
import type { Coverage } from './coverage';
import type { Entry, Ledger } from './ledger';
import type { Letter, Places, Receipt, Replay, StoredRow, Witness } from './platform';
import { many } from './text';

/** How many events are in each stage. */
export interface Counts {
  readonly sent: number;
  readonly rejected: number;
  /** Accepted and not yet processed. */
  readonly buffered: number;
  readonly deliveries: number;
  readonly stored: number;
  readonly deadLettered: number;
  /** Processed, and dropped by the transform. */
  readonly dropped: number;
}

/** A stage of the platform, such as Buffer, and its service. */
export interface Stage {
  readonly stage: string;
  readonly service: string;
}

/** The messages of a run. */
export type Message =
  /** The stages of the platform, and the service of each. */
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
      /** One for each dead letter that can be replayed, while the platform runs. */
      readonly replays: readonly Replay[];
    }
  /** Nothing here stands in for something of the template. Nothing is wrong with it. */
  | { readonly kind: 'not run'; readonly reason: string }
  | { readonly kind: 'failed'; readonly reason: string };

/** Where an event ends. */
export type End = 'rejected' | 'stored' | 'dead letter' | 'dropped';

/** Follows each event from stage to stage, and reports its path. */
export class Story implements Witness {
  /** The steps of each event in the buffer, by its position. A handler may get it before the sender gets the response. */
  private readonly steps = new Map<string, string[]>();
  /** The ends of events whose sender has not yet got the response. */
  private readonly early = new Map<Entry, Ending>();
  private readonly ended = new Set<Entry>();
  /** Events that the transform drops, by position. They end when their batch is processed. */
  private readonly dropping = new Map<string, Entry>();
  /** How many events sent by hand have no response yet. */
  unanswered = 0;
  private why?: string;
  private counts = { sent: 0, rejected: 0, deliveries: 0, stored: 0, deadLettered: 0, dropped: 0 };

  constructor(
    private readonly ledger: Ledger,
    private readonly tell: (message: Message) => void,
  ) {}

  /** An event got its response. */
  received(entry: Entry, receipt: Receipt) {
    entry.receipt = receipt;
    if (!entry.made) this.counts.sent += 1;
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

  made(kind: string, body: Buffer, position: string) {
    this.received(this.ledger.follows(kind, body), { accepted: true, position });
  }

  delivered({ positions, attempt, from }: Parameters<Witness['delivered']>[0]) {
    this.counts.deliveries += 1;
    this.step(positions, `${many(positions.length, 'event')} of ${from}${attempt > 1 ? `, try ${attempt}` : ''}`);
  }

  answered({ positions, outcome, why }: Parameters<Witness['answered']>[0]) {
    if (outcome === 'settled') {
      // An event without steps has already ended.
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

  /** @throws Error after a permanent error */
  requireWhole() {
    if (this.why !== undefined) throw new Error(this.why);
  }

  log(line: string) {
    this.tell({ kind: 'log', line });
  }

  /** Report how many events are in each stage. */
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

  /** An event that was sent or delivered twice ends twice. Its path is reported once. */
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

/** The step of a processed batch. */
const DONE = 'done';

function isDropped({ rows, asText }: Entry): boolean {
  return rows?.length === 0 || asText?.rows?.length === 0;
}

interface Ending {
  readonly step: string;
  readonly end: End;
}
