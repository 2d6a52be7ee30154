import { createHash } from 'node:crypto';
import { PermanentError } from '../../../shared/runtime/event';
import type { Lot, Made, Refusal, Sink, SourceRecord } from '../../../shared/runtime/sink';
import { inOneLine } from '../../../shared/runtime/verdict';

/** The field of a row with its prediction. */
const FIELD = 'prediction';

/**
 * Asks a model about one row, a JSON object in one line.
 * @returns the prediction, as JSON in one line
 * @throws PermanentError when the model can never predict for this row: its event goes to the dead letter
 * @throws Error when the model cannot be reached: the lot is retried
 */
export type Ask = (row: string, signal?: AbortSignal) => Promise<string>;

/**
 * Adds the prediction of a model to each row before another sink stores it.
 *
 * A lot is stored once all its predictions are there, so nothing of it is stored while the model cannot be reached. If the model
 * refuses one row of a record, no row of this record is stored. A lot of which all records are stored keeps its name. Otherwise
 * its name gets a hash of the records that are stored: if the model was replaced and refuses others at the next try, they make an
 * object of their own, and none is lost. The rows that are in both objects are then stored twice.
 * @param atATime the number of rows that the model is asked about at the same time, over all lots
 */
export function withPredictions(sink: Sink<string>, ask: Ask, atATime: number): Sink<string> {
  const inTurn = limiter(atATime);

  return {
    encode(row, event, index) {
      if (FIELD in row) throw new TypeError(`the row must not have ${FIELD}, which the sink sets`);
      return sink.encode(row, event, index);
    },
    async write(lot, signal) {
      const answers: (string | PermanentError)[] = [];
      const faults: unknown[] = [];
      const answer = async ({ stored }: Made<string>, index: number) => {
        if (faults.length > 0) return;
        try {
          signal?.throwIfAborted();
          answers[index] = await ask(stored, signal);
        } catch (error) {
          if (error instanceof PermanentError) answers[index] = error;
          else faults.push(error);
        }
      };
      // No request is left running when this function throws.
      await Promise.all(lot.made.map((one, index) => inTurn(() => answer(one, index))));
      if (faults.length > 0) throw faults[0];

      const refused = new Map<SourceRecord, Refusal>();
      for (const [index, { record }] of lot.made.entries()) {
        const given = answers[index]!;
        if (typeof given !== 'string' && !refused.has(record)) refused.set(record, { record, reason: inOneLine(given) });
      }
      const made = lot.made.flatMap(({ stored, record }, index): Made<string>[] =>
        refused.has(record) ? [] : [{ record, stored: withField(stored, String(answers[index])) }],
      );
      const refusals = made.length > 0 ? await sink.write({ ...lot, name: nameOf(lot, made), made }, signal) : [];
      return [...refused.values(), ...refusals];
    },
  };
}

/** A row with its prediction. The row is not written again, so that its numbers stay as they are. */
function withField(row: string, prediction: string): string {
  const members = row.slice(1, -1).trim();
  return `{${members}${members === '' ? '' : ','}"${FIELD}":${prediction}}`;
}

/** The name of the part of a lot that is stored. */
function nameOf({ name, made }: Lot<string>, stored: readonly Made<string>[]): string {
  if (stored.length === made.length) return name;
  const hash = createHash('sha256');
  for (const { position } of new Set(stored.map(({ record }) => record))) hash.update(JSON.stringify(position));
  return `${name}-${hash.digest('hex').slice(0, 8)}`;
}

/** Runs tasks in the order in which they are given, so many at the same time. */
function limiter(atATime: number) {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (task: () => Promise<void>): Promise<void> => {
    if (running < atATime) running++;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      await task();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running--;
    }
  };
}
