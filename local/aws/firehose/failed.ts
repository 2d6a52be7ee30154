import type { Letter } from '../../platform';
import type { BufferedRecord } from './record';

/** A record that could not be processed. */
export interface FailedRecord {
  readonly record: BufferedRecord;
  readonly code: string;
  readonly message: string;
  readonly attempts: number;
}

/** A line of the object with failed records. */
interface Line {
  readonly errorCode: string;
  readonly errorMessage: string;
  readonly rawData: string;
}

/**
 * The object that Firehose writes below the failed prefix: a line for each record.
 * @see https://docs.aws.amazon.com/firehose/latest/dev/data-transformation-failure-handling.html
 */
export function failedObject(failed: readonly FailedRecord[], lambdaArn?: string): Buffer {
  const lines = failed.map(({ record, code, message, attempts }) =>
    JSON.stringify({
      attemptsMade: attempts,
      arrivalTimestamp: record.arrived.getTime(),
      errorCode: code,
      errorMessage: message,
      attemptEndingTimestamp: Date.now(),
      rawData: record.data.toString('base64'),
      lambdaArn,
    }),
  );
  return Buffer.from(`${lines.join('\n')}\n`);
}

/** The events in such an object. */
export function failedIn(content: Buffer, place: string): Letter[] {
  return content
    .toString()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const { errorCode, errorMessage, rawData }: Line = JSON.parse(line);
      return { bytes: Buffer.from(rawData, 'base64'), reason: `${errorCode}: ${errorMessage}`, place };
    });
}
