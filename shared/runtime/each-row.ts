import { each } from './objects';
import type { Made, Refusal, SourceRecord } from './sink';
import { inOneLine } from './verdict';

/**
 * Write each row with a request of its own, several at a time. After a fault of the store no further request is started, and none
 * is left running when this function throws.
 * @param isPermanent whether an error is the fault of the row, so that a retry cannot help
 * @returns the records with rows that the store will never accept
 */
export async function writeEach<Stored>(
  made: readonly Made<Stored>[],
  write: (stored: Stored) => Promise<void>,
  isPermanent: (error: unknown) => boolean,
): Promise<readonly Refusal[]> {
  const refused = new Map<SourceRecord, Refusal>();
  const faults: unknown[] = [];
  await each(made, async ({ stored, record }) => {
    if (faults.length > 0) return;
    try {
      await write(stored);
    } catch (error) {
      if (isPermanent(error)) refused.set(record, { record, reason: inOneLine(error) });
      else faults.push(error);
    }
  });
  if (faults.length > 0) throw faults[0];
  return [...refused.values()];
}
