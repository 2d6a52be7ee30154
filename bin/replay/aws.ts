import { failureBucket } from './aws-bucket';
import { deadLetterQueue } from './aws-queue';
import { streams } from './aws-stream';
import type { DeadLetter } from './letter';
import type { Outputs } from './outputs';

/** The dead letters in the outputs of a stack: queues as their URL, and buckets as `s3://BUCKET/PREFIX`. */
export function awsPlaces(outputs: Outputs): { readonly deadLetters: readonly string[] } {
  const named = Object.entries(outputs).filter(([name]) => /dead.?letter|failure|failed|given.?up/i.test(name));
  const places = named.flatMap(([, command]) => [...command.matchAll(/--queue-url (\S+)|(s3:\/\/[^\s'"]+)/g)]);
  return { deadLetters: [...new Set(places.map(([, queue, bucket]) => queue ?? bucket!))] };
}

/**
 * A dead-letter queue, or the bucket that is the on-failure destination of Lambda. Each dead letter is sent to the stream or queue
 * that it came from.
 * @param to the ARN of another stream or queue to send to
 * @throws Error if the place is neither a queue nor a bucket
 */
export function awsDeadLetter(place: string, to?: string): DeadLetter {
  const [, bucket, prefix = ''] = /^s3:\/\/([^/]+)\/?(.*)$/.exec(place) ?? [];
  if (bucket !== undefined) return failureBucket({ bucket, prefix, to }, streams());
  if (/^https?:\/\/[^/]+\/\d+\/[^/]+$/.test(place)) return deadLetterQueue({ url: place, to }, streams());
  throw new Error(`--dead-letter must be the URL of a queue or s3://BUCKET/PREFIX on AWS, got "${place}".`);
}
