import { RefusedError } from '../../platform';
import type { Resource, Stack } from '../../template/stack';

/** Whether a mapping lets its function report failed records of a batch. */
export function reportsFailures(stack: Stack, resource: Resource): boolean {
  const types = JSON.stringify(stack.value(resource, 'FunctionResponseTypes') ?? []);
  if (types === '[]') return false;
  if (types === '["ReportBatchItemFailures"]') return true;
  throw new RefusedError(`${resource.id}.FunctionResponseTypes`, `it must be ReportBatchItemFailures alone, or nothing, got ${types}.`);
}

/**
 * Read the response of a function that reports failed records of a batch.
 * @param ids the identifiers of the records in the batch, in order
 * @returns the indexes of the failed records, or why the whole batch failed
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-batchfailurereporting
 */
export function readFailures(payload: string, ids: readonly string[]): readonly number[] | { readonly why: string } {
  const answer = parsed(payload);
  if (answer === null) return [];
  if (typeof answer !== 'object' || Array.isArray(answer)) return { why: `the answer is no object: ${payload.slice(0, 100)}` };
  const failures = 'batchItemFailures' in answer ? answer.batchItemFailures : null;
  if (failures === null) return [];
  if (!Array.isArray(failures)) return { why: `batchItemFailures is no list: ${payload.slice(0, 100)}` };

  const places = failures.map((failure: unknown) => {
    const named = typeof failure === 'object' && failure !== null && 'itemIdentifier' in failure ? failure.itemIdentifier : undefined;
    return ids.indexOf(String(named));
  });
  return places.includes(-1) ? { why: 'the answer names a record that is not in the batch' } : places;
}

function parsed(payload: string): unknown {
  try {
    return payload === '' ? null : JSON.parse(payload);
  } catch {
    return payload;
  }
}
