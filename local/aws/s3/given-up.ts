import { randomUUID } from 'node:crypto';
import type { Letter } from '../../platform';
import { many } from '../../text';
import type { S3Object } from './s3';

/** The object that Lambda writes when it no longer retries a batch. `payload` is that of the failed call. */
interface GivenUp {
  readonly requestContext: { readonly condition: string; readonly approximateInvokeCount: number };
  readonly KinesisBatchInfo?: { readonly shardId: string };
  readonly DDBStreamBatchInfo?: { readonly shardId: string };
  readonly timestamp: string;
  readonly payload: string;
}

/** The id of the mapping. AWS generates it. */
const MAPPING = '00000000-0000-4000-8000-000000000000';

/**
 * The object for a batch that Lambda no longer retries.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
 */
export function givenUp(message: string, payload: string): Pick<S3Object, 'key' | 'content'> {
  const failure: GivenUp = { ...JSON.parse(message), payload };
  const [day = '', time = ''] = failure.timestamp.split(/[TZ]/);
  const name = `${day}T${time.slice(0, 8).replaceAll(':', '.')}-${randomUUID()}`;
  const key = `aws/lambda/${MAPPING}/${(failure.KinesisBatchInfo ?? failure.DDBStreamBatchInfo)?.shardId}/${day.replaceAll('-', '/')}/${name}`;
  return { key, content: Buffer.from(JSON.stringify(failure)) };
}

/** The events in such an object. Changes of a table are no events that the run sent. */
export function lettersIn({ bucket, key, content }: S3Object): readonly Letter[] {
  const { requestContext, payload, DDBStreamBatchInfo }: GivenUp = JSON.parse(content.toString());
  if (DDBStreamBatchInfo) return [];
  const { Records }: { Records: readonly { readonly kinesis: { readonly data: string } }[] } = JSON.parse(payload);
  const reason = `${requestContext.condition} after ${many(requestContext.approximateInvokeCount, 'call')}`;
  return Records.map(({ kinesis }) => ({ bytes: Buffer.from(kinesis.data, 'base64'), reason, place: `${bucket}/${key}` }));
}
