import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Letter } from '../../platform';
import type { S3Object } from './s3';

/** How the names of objects start in which Lambda keeps what it gave up. */
const START = 'aws/lambda/';

/** What Lambda writes into a bucket: what became of a batch, and in `payload` the call that failed. */
interface GivenUp {
  readonly requestContext: { readonly condition: string; readonly approximateInvokeCount: number };
  readonly payload: string;
}

export function isGivenUp({ key }: S3Object): boolean {
  return key.startsWith(START);
}

/**
 * Keep a batch as Lambda does.
 * @param folder that of the bucket
 * @see https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
 */
export async function keep(folder: string, bucket: string, message: string, payload: string): Promise<S3Object> {
  const key = `${START}${randomUUID()}.json`;
  const content = Buffer.from(JSON.stringify({ ...JSON.parse(message), payload }));
  const file = path.join(folder, key);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, content);
  return { bucket, key, content };
}

/** The events of a batch that was given up. */
export function lettersIn({ bucket, key, content }: S3Object): readonly Letter[] {
  const { requestContext, payload }: GivenUp = JSON.parse(content.toString());
  const { Records }: { Records: readonly { readonly kinesis: { readonly data: string } }[] } = JSON.parse(payload);
  const reason = `${requestContext.condition} after ${requestContext.approximateInvokeCount} calls`;
  return Records.map(({ kinesis }) => ({ bytes: Buffer.from(kinesis.data, 'base64'), reason, place: `${bucket}/${key}` }));
}
