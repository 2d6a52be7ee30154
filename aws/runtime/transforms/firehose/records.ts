import { writeSync } from 'node:fs';
import type { FirehoseTransformationEvent, FirehoseTransformationResult, FirehoseTransformationResultRecord } from 'aws-lambda';
import type { Row, Transform } from '../../../../shared/runtime/event';
import { stringify } from '../../../../shared/runtime/json';
import { judge, type Verdict } from '../../../../shared/runtime/verdict';

/** Settings for {@link transformRecords}. */
export interface TransformRecordsProps {
  readonly transform: Transform;
  /** Whether values that are not text become their JSON text, because the columns of the table are text. */
  readonly asText: boolean;
  /** Whether an event may have only one row. */
  readonly oneRow: boolean;
}

/** The metric is a line of its own in the log. `console` would put it into the `message` of one. */
const STDOUT = 1;
/** Lambda refuses a response of more than 6 MB, and all records of the call would then be failed. */
const RESPONSE_BYTES = 5_900_000;
/** The bytes of a record in the response beside its data. Ids have at most 100 characters. */
const RECORD_BYTES = 200;

type Outcome = FirehoseTransformationResultRecord & { readonly data: string };

/**
 * A handler for records that Firehose is about to store. It checks the event contract and runs the transform, as the handlers
 * between a buffer and a store do.
 *
 * Firehose stores an event of several rows as several lines. It drops an event without rows. A record that can never be
 * processed is reported as failed, and Firehose stores it under the failed prefix, as it was sent. The reason is in the log, with
 * the id of the record.
 * @see https://docs.aws.amazon.com/firehose/latest/dev/data-transformation-status-model.html
 */
export function transformRecords({ transform, asText, oneRow }: TransformRecordsProps) {
  const encode = (row: Row) => stringify(asText ? inText(row) : row);

  function outcomeOf(recordId: string, data: string): Outcome {
    const verdict = limited(judge(Buffer.from(data, 'base64'), transform, encode), oneRow);
    if ('reason' in verdict) return failed(recordId, data, verdict.reason);
    const { rows } = verdict;
    if (rows.length === 0) return { recordId, result: 'Dropped', data };
    // The conversion to Parquet reads several objects of a record, one after the other.
    return { recordId, result: 'Ok', data: Buffer.from(rows.join(asText ? '' : '\n')).toString('base64') };
  }

  return ({ records }: Pick<FirehoseTransformationEvent, 'records'>): Promise<FirehoseTransformationResult> => {
    // Each record is returned in any case, so the response has room for all of them as they came.
    let room = RESPONSE_BYTES - records.reduce((sum, { data }) => sum + data.length + RECORD_BYTES, 0);
    const outcomes = records.map(({ recordId, data }): Outcome => {
      const outcome = outcomeOf(recordId, data);
      const more = outcome.data.length - data.length;
      if (more > 0 && more > room) return failed(recordId, data, 'the rows do not fit into the response of the function');
      room -= more;
      return outcome;
    });
    const count = (result: Outcome['result']) => outcomes.filter((outcome) => outcome.result === result).length;
    console.info({
      message: 'Records transformed.',
      records: records.length,
      dropped: count('Dropped'),
      failed: count('ProcessingFailed'),
    });
    if (count('ProcessingFailed') > 0) writeSync(STDOUT, `${JSON.stringify(metricOf(count('ProcessingFailed')))}\n`);
    return Promise.resolve({ records: outcomes });
  };
}

function failed(recordId: string, data: string, reason: string): Outcome {
  console.error({ message: 'A record can never be processed.', recordId, reason });
  return { recordId, result: 'ProcessingFailed', data };
}

/** With dynamic partitions, Firehose reads the partition of a record from its only row. */
function limited(verdict: Verdict<string>, oneRow: boolean): Verdict<string> {
  if ('reason' in verdict || verdict.rows.length < 2 || !oneRow) return verdict;
  return { reason: `the transform makes ${verdict.rows.length} rows, and a partitioned record can have one` };
}

function inText(row: Row): Row {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, isPlain(value) ? value : stringify(value)]));
}

function isPlain(value: unknown): boolean {
  return typeof value === 'string' || value === null || value === undefined;
}

/**
 * CloudWatch reads this metric from the log, so the function needs no permission for it.
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
function metricOf(FailedRecords: number) {
  const metrics = { Namespace: 'FirehoseTransform', Dimensions: [['FunctionName']], Metrics: [{ Name: 'FailedRecords', Unit: 'Count' }] };
  return {
    _aws: { Timestamp: Date.now(), CloudWatchMetrics: [metrics] },
    FunctionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    FailedRecords,
  };
}
