import { randomUUID } from 'node:crypto';
import type { Letter } from '../../platform';
import { many } from '../../text';
import type { S3Object } from './s3';

/** What Lambda writes into a bucket when it gives up a batch: what became of it, and in `payload` the call that failed. */
interface GivenUp {
  readonly requestContext: { readonly condition: string; readonly approximateInvokeCount: number };
  readonly KinesisBatchInfo: { readonly shardId: string };
  readonly timestamp: string;
  readonly payload: string;
}

/** The id of the mapping, which a cloud makes up. */
const MAPPING = '00000000-0000-4000-8000-000000000000';

/**
 * The object in which Lambda keeps a batch that it gave up.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
 */
export function givenUp(message: string, payload: string): Pick<S3Object, 'key' | 'content'> {
  const failure: GivenUp = { ...JSON.parse(message), payload };
  const [day = '', time = ''] = failure.timestamp.split(/[TZ]/);
  const name = `${day}T${time.slice(0, 8).replaceAll(':', '.')}-${randomUUID()}`;
  const key = `aws/lambda/${MAPPING}/${failure.KinesisBatchInfo.shardId}/${day.replaceAll('-', '/')}/${name}`;
  return { key, content: Buffer.from(JSON.stringify(failure)) };
}

/** The events of a batch that was given up. */
export function lettersIn({ bucket, key, content }: S3Object): readonly Letter[] {
  const { requestContext, payload }: GivenUp = JSON.parse(content.toString());
  const { Records }: { Records: readonly { readonly kinesis: { readonly data: string } }[] } = JSON.parse(payload);
  const reason = `${requestContext.condition} after ${many(requestContext.approximateInvokeCount, 'call')}`;
  return Records.map(({ kinesis }) => ({ bytes: Buffer.from(kinesis.data, 'base64'), reason, place: `${bucket}/${key}` }));
}
