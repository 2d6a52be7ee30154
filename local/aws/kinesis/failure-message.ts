import type { Invocation } from '../site';
import type { StreamRecord } from './stream';

/** Why records are no longer retried: the condition that Lambda reports. */
export type Condition = 'RetryAttemptsExhausted' | 'RecordAgeExceeded';

/** The position of records in a stream, as Lambda reports it to a destination. */
interface BatchInfo {
  readonly shardId: string;
  readonly startSequenceNumber: string;
  readonly endSequenceNumber: string;
  readonly approximateArrivalOfFirstRecord: string;
  readonly approximateArrivalOfLastRecord: string;
  readonly batchSize: number;
  readonly streamArn: string;
}

/** Records that are no longer retried, and their last call. */
interface Failure {
  /** At least one. */
  readonly records: readonly StreamRecord[];
  readonly invocations: number;
  readonly condition: Condition;
  /** The last call, if there was one. */
  readonly invocation?: Invocation;
  readonly shard: string;
  readonly functionArn: string;
  readonly streamArn: string;
}

/**
 * The message that Lambda sends to an on-failure destination: the position of the records, without their payload.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
 */
export function failureMessage({ records, invocations, condition, invocation, shard, functionArn, streamArn }: Failure): string {
  const [first, last] = [records[0]!, records.at(-1)!];
  const batch: BatchInfo = {
    shardId: shard,
    startSequenceNumber: first.sequenceNumber,
    endSequenceNumber: last.sequenceNumber,
    approximateArrivalOfFirstRecord: first.arrival.toISOString(),
    approximateArrivalOfLastRecord: last.arrival.toISOString(),
    batchSize: records.length,
    streamArn,
  };
  return JSON.stringify({
    requestContext: { requestId: invocation?.requestId, functionArn, condition, approximateInvokeCount: invocations },
    responseContext: invocation && {
      statusCode: 200,
      executedVersion: '$LATEST',
      functionError: 'error' in invocation ? 'Unhandled' : null,
    },
    version: '1.0',
    timestamp: new Date().toISOString(),
    // A stream of DynamoDB is part of a table.
    [streamArn.includes(':table/') ? 'DDBStreamBatchInfo' : 'KinesisBatchInfo']: batch,
  });
}
