import { RefusedError } from '../../platform';

/** The value of each letter pattern of Java that Firehose documents and that a prefix here may have. */
const TIMES: Readonly<Record<string, (time: string) => string>> = {
  yyyy: (time) => time.slice(0, 4),
  MM: (time) => time.slice(5, 7),
  dd: (time) => time.slice(8, 10),
  HH: (time) => time.slice(11, 13),
};

/**
 * A prefix with its expressions replaced.
 * @param time the arrival of the oldest record of the object
 * @param error the kind of error, for the prefix of failed records
 * @throws RefusedError on an expression that is not emulated
 * @see https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html
 */
export function expand(prefix: string, time: Date, error?: string): string {
  return prefix.replace(/!\{([^}]*)\}/g, (expression, content: string) => {
    const [namespace, pattern = ''] = content.split(':');
    const part = namespace === 'timestamp' ? TIMES[pattern]?.(time.toISOString()) : undefined;
    const value = content === 'firehose:error-output-type' ? error : part;
    if (value === undefined) throw new RefusedError('Prefix', `only timestamps and error-output-type are emulated, got ${expression}.`);
    return value;
  });
}
