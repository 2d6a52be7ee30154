/**
 * What happens to one write to the store.
 *
 * - `take`: it is written and answered.
 * - `refuse`: the store answers with an error, and nothing is written.
 * - `kill before`: the process of the handler is killed, and nothing is written.
 * - `kill after`: it is written, and the process is killed before it gets the response.
 * - `stall`: the process hangs until its time limit ends it. Nothing is written.
 */
export type WriteFate = 'take' | 'refuse' | 'kill before' | 'kill after' | 'stall';

/** Injects faults. A platform calls these functions and does what they return. */
export interface Chaos {
  /** Called for each write to the store (not to the dead letter), with the text of each row. */
  write(rows: readonly string[]): WriteFate;
  /** Called for each write to a dead letter that is in the same account as the store, and so is down with it. */
  letter(): 'take' | 'refuse';
  /** Called when the handler is done: whether the buffer gets the acknowledgement. If not, the batch is delivered again. */
  answer(): 'heard' | 'lost';
  /** Called when a batch is delivered again: how many of its records are in the first batch. The others are in the next one. */
  cut(records: number): number;
}

/** Injects no faults. */
export const CALM: Chaos = { write: () => 'take', letter: () => 'take', answer: () => 'heard', cut: (records) => records };
