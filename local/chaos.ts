/**
 * What becomes of one write to the store.
 *
 * - `take`: it is written and answered.
 * - `refuse`: the store says that it is down, and nothing is written.
 * - `kill before`: the process of the handler is killed, and nothing is written.
 * - `kill after`: it is written, and the process is killed before it hears so.
 * - `stall`: the process is stopped in the middle, until its time limit ends it. Nothing is written.
 */
export type WriteFate = 'take' | 'refuse' | 'kill before' | 'kill after' | 'stall';

/** What goes wrong on purpose. A platform asks, and obeys. */
export interface Chaos {
  /** Asked for each write to the store (not to the dead letter), with the text of each row in it. */
  write(rows: readonly string[]): WriteFate;
  /** Asked for each write to a dead letter that is down with the store, since both lie in one account. */
  letter(): 'take' | 'refuse';
  /** Asked when the handler has done its work: whether the buffer hears of it. If not, the batch is brought again. */
  answer(): 'heard' | 'lost';
  /** Asked when a batch is brought again: how many of its records come in the first batch. The others come with what follows. */
  cut(records: number): number;
}

/** Nothing goes wrong. */
export const CALM: Chaos = { write: () => 'take', letter: () => 'take', answer: () => 'heard', cut: (records) => records };
