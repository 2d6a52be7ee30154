import type { BatchInfo, StreamRecord, Streams } from './aws-stream';
import type { DeadLetter, Letter, Parcel } from './letter';

/** What Lambda writes when it gives records up. A bucket gets the whole call too, as a text within. */
interface Failure {
  readonly requestContext: { readonly condition: string; readonly approximateInvokeCount: number };
  readonly timestamp: string;
  readonly KinesisBatchInfo: BatchInfo;
  readonly payload?: string;
}

/** @throws Error on an object that is none of Lambda's */
export function readFailure(json: string): Failure {
  const failure = JSON.parse(json) as Partial<Failure>;
  if (failure.KinesisBatchInfo && failure.requestContext) return failure as Failure;
  throw new Error('it is no record of a call that Lambda gave up');
}

export function reasonOf({ requestContext: { condition, approximateInvokeCount } }: Failure): string {
  return `${condition} after ${approximateInvokeCount} calls`;
}

/** The records of a failure: those that it holds, or else those that the stream still has. */
export async function recordsOf({ payload, KinesisBatchInfo }: Failure, streams: Streams): Promise<readonly StreamRecord[]> {
  if (payload === undefined) return streams.between(KinesisBatchInfo);
  const { Records } = JSON.parse(payload) as {
    Records: readonly { kinesis: { data: string; sequenceNumber: string; partitionKey: string } }[];
  };
  return Records.map(({ kinesis: { data, ...rest } }) => ({ ...rest, data: Buffer.from(data, 'base64') }));
}

/** The letters of a failure, each with its place in the stream. */
export async function lettersOf(failure: Failure, to: string | undefined, streams: Streams): Promise<Letter[]> {
  const { streamArn, shardId } = failure.KinesisBatchInfo;
  const target = to ?? streamArn;
  return (await recordsOf(failure, streams)).map(({ data, partitionKey, sequenceNumber }) => ({
    id: `${streamArn}/${shardId}/${sequenceNumber}`,
    reason: reasonOf(failure),
    givenUp: new Date(failure.timestamp),
    to: target,
    send: () => streams.put(target, { data, partitionKey }),
  }));
}

/** A letter that stands for what cannot be read: it stays where it is, and says why. */
export function unreadable(id: string, givenUp: Date, error: unknown): Letter {
  const reason = `unreadable: ${(error as Error).message}`;
  return { id, reason, givenUp, to: 'nowhere', send: () => Promise.reject(new Error(reason)) };
}

/** The bucket that is the destination of what Lambda gave up. */
export function failureBucket(
  { bucket, prefix, to }: { readonly bucket: string; readonly prefix: string; readonly to?: string },
  streams: Streams,
): DeadLetter {
  const sdk: typeof import('@aws-sdk/client-s3') = require('@aws-sdk/client-s3');
  // A bucket of another region is found by the client itself; the address by path suits every name.
  const client = new sdk.S3Client({ followRegionRedirects: true, forcePathStyle: true });
  return {
    name: `s3://${bucket}/${prefix}`,
    async *parcels() {
      let ContinuationToken: string | undefined;
      do {
        const page = await client.send(new sdk.ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ContinuationToken }));
        for (const { Key = '', LastModified = new Date(0) } of page.Contents ?? []) {
          const { Body } = await client.send(new sdk.GetObjectCommand({ Bucket: bucket, Key }));
          const letters = await Promise.resolve(Body!.transformToString())
            .then((text) => lettersOf(readFailure(text), to, streams))
            .catch((error: unknown) => [unreadable(`s3://${bucket}/${Key}`, LastModified, error)]);
          yield { letters, remove: () => client.send(new sdk.DeleteObjectCommand({ Bucket: bucket, Key })) } satisfies Parcel;
        }
        ContinuationToken = page.NextContinuationToken;
      } while (ContinuationToken !== undefined);
    },
    release: async () => client.destroy(),
  };
}
