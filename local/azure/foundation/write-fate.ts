import type { Answer } from '../../loopback';
import type { Around } from '../../parts';
import type { StoredRow } from '../../platform';
import type { Writer } from '../site';

/** An error in the format of a service. */
export type Fault = (status: number, code: string, message: string) => Answer;

/** The storage clients retry most errors by themselves, but not that an account is disabled. */
export const disabled = (fault: Fault) => fault(403, 'AccountIsDisabled', 'The specified account is disabled.');

/** Pass a write of rows on, or let it fail, or its writers. */
export async function written(
  rows: readonly StoredRow[],
  writers: readonly Writer[],
  { witness, chaos }: Pick<Around, 'witness' | 'chaos'>,
  fault: Fault,
  pass: () => Promise<Answer>,
): Promise<Answer> {
  const fate = chaos.write(rows.map((row) => row.text));
  if (fate === 'refuse') return disabled(fault);
  if (fate === 'stall') await Promise.all(writers.map((writer) => writer.stall()));
  if (fate === 'kill before') await Promise.all(writers.map((writer) => writer.kill()));
  if (fate === 'stall' || fate === 'kill before') return fault(503, 'ServerBusy', 'The process has ended.');
  const answer = await pass();
  if (answer.status < 300) witness.stored(rows);
  if (fate === 'kill after') await Promise.all(writers.map((writer) => writer.kill()));
  return answer;
}
