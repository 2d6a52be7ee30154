import type { StreamRecord } from './stream';

/** How much of a batch an answer of the function settles: all, all before the record at `from`, or none and why. */
export type Reading = 'all' | { readonly from: number } | { readonly why: string };

/**
 * Read the answer of a function that reports failed records. Where several are named, the one with the lowest sequence
 * number counts: everything before it is done, everything from it on comes again.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html
 */
export function readAnswer(payload: string, records: readonly StreamRecord[]): Reading {
  const answer = parsed(payload);
  if (answer === null) return 'all';
  if (typeof answer !== 'object' || Array.isArray(answer)) return { why: `the answer is no object: ${payload.slice(0, 100)}` };
  const failures = 'batchItemFailures' in answer ? answer.batchItemFailures : null;
  if (failures === null) return 'all';
  if (!Array.isArray(failures)) return { why: `batchItemFailures is no list: ${payload.slice(0, 100)}` };

  const places = failures.map((failure: unknown) => {
    const named = typeof failure === 'object' && failure !== null && 'itemIdentifier' in failure ? failure.itemIdentifier : undefined;
    return records.findIndex(({ sequenceNumber }) => sequenceNumber === named);
  });
  if (places.includes(-1)) return { why: 'the answer names a record that is not in the batch' };
  return places.length === 0 ? 'all' : { from: Math.min(...places) };
}

function parsed(payload: string): unknown {
  try {
    return payload === '' ? null : JSON.parse(payload);
  } catch {
    return payload;
  }
}
