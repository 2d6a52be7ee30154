import type { BatchInfo, StreamRecord, Streams } from './aws-stream';
import type { DeadLetter, Letter, Parcel } from './letter';

/** The failure record of Lambda's on-failure destination. In a bucket it also contains the payload, as a string. */
interface Failure {
  readonly requestContext: { readonly condition: string; readonly approximateInvokeCount: number };
  readonly timestamp: string;
  readonly KinesisBatchInfo: BatchInfo;
  readonly payload?: string;
}

/** @throws Error if it is not a failure record of Lambda */
export function readFailure(json: string): Failure {
  const failure = JSON.parse(json) as Partial<Failure>;
  if (failure.KinesisBatchInfo && failure.requestContext) return failure as Failure;
  throw new Error('it is not a failure record of Lambda');
}

export function reasonOf({ requestContext: { condition, approximateInvokeCount } }: Failure): string {
  return `${condition} after ${approximateInvokeCount} calls`;
}

/** The records of a failed batch: from the payload, or else from the stream. */
export async function recordsOf({ payload, KinesisBatchInfo }: Failure, streams: Streams): Promise<readonly StreamRecord[]> {
  if (payload === undefined) return streams.between(KinesisBatchInfo);
  const { Records } = JSON.parse(payload) as {
    Records: readonly { kinesis: { data: string; sequenceNumber: string; partitionKey: string } }[];
  };
  return Records.map(({ kinesis: { data, ...rest } }) => ({ ...rest, data: Buffer.from(data, 'base64') }));
}

/** The dead letters of a failed batch, each with its position in the stream. */
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

/** A dead letter that cannot be read. It is not deleted, and its reason is the error. */
export function unreadable(id: string, givenUp: Date, error: unknown): Letter {
  const reason = `unreadable: ${(error as Error).message}`;
  return { id, reason, givenUp, to: 'nowhere', send: () => Promise.reject(new Error(reason)) };
}

/** The bucket that is the on-failure destination of Lambda. */
export function failureBucket(
  { bucket, prefix, to }: { readonly bucket: string; readonly prefix: string; readonly to?: string },
  streams: Streams,
): DeadLetter {
  const sdk: typeof import('@aws-sdk/client-s3') = require('@aws-sdk/client-s3');
  // The client follows the redirect to the region of the bucket. Path-style addresses work for every bucket name.
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
