import { each } from './objects';
import type { Made, Refusal, SourceRecord } from './sink';
import { inOneLine } from './verdict';

/**
 * Write each row with a request of its own, several at a time. After a fault of the store no further request is started, and none
 * is left running when this function throws.
 * @param isPermanent whether an error is the fault of the row, so that a retry cannot help
 * @param keyOf the key of a row. Rows with the same key are written one after the other, in their order; those without a key at once
 * @returns the records with rows that the store will never accept
 */
export async function writeEach<Stored>(
  made: readonly Made<Stored>[],
  write: (stored: Stored) => Promise<void>,
  isPermanent: (error: unknown) => boolean,
  keyOf: (stored: Stored) => string | undefined = () => undefined,
): Promise<readonly Refusal[]> {
  const refused = new Map<SourceRecord, Refusal>();
  const faults: unknown[] = [];
  const writeOne = async ({ stored, record }: Made<Stored>) => {
    if (faults.length > 0) return;
    try {
      await write(stored);
    } catch (error) {
      if (isPermanent(error)) refused.set(record, { record, reason: inOneLine(error) });
      else faults.push(error);
    }
  };
  await each(inLines(made, keyOf), async (line) => {
    for (const one of line) await writeOne(one);
  });
  if (faults.length > 0) throw faults[0];
  return [...refused.values()];
}

/** The rows of each key, in their order, and each row without a key alone. */
function inLines<Stored>(made: readonly Made<Stored>[], keyOf: (stored: Stored) => string | undefined): Made<Stored>[][] {
  const lines: Made<Stored>[][] = [];
  const ofKeys = new Map<string, Made<Stored>[]>();
  for (const one of made) {
    const key = keyOf(one.stored);
    const line = key === undefined ? undefined : ofKeys.get(key);
    if (line) line.push(one);
    else {
      lines.push([one]);
      if (key !== undefined) ofKeys.set(key, lines.at(-1)!);
    }
  }
  return lines;
}
