import path from 'node:path';
import type { Opened, Part } from '../../parts';
import { rowsOf } from '../../rows';
import { nameOf, type Site } from '../site';
import { isGivenUp, keep as keepGivenUp, lettersIn } from './given-up';
import { S3, type S3Object } from './s3';

const LONGEST_NAME = 63;

/** Buckets are folders. Objects in them hold rows, a line each, or what Lambda gave up. */
export const PART: Part<Site> = {
  overrides: () => ['AWS_ENDPOINT_URL_S3 = the stand-in'],

  async open({ stack, clients, destinations, writers }, { folder, chaos, witness, keep }): Promise<Opened> {
    const buckets = stack.all('AWS::S3::Bucket').map((resource) => {
      const name = nameOf(stack, resource, 'BucketName', LONGEST_NAME).toLowerCase();
      stack.created(resource.id, { ref: name, attributes: { Arn: `arn:aws:s3:::${name}` } });
      return name;
    });
    const place = path.join(folder, 's3');
    for (const bucket of buckets) {
      destinations.set(`arn:aws:s3:::${bucket}`, async (message, payload) => {
        for (const letter of lettersIn(await keepGivenUp(path.join(place, bucket), bucket, message, payload))) witness.deadLettered(letter);
      });
    }
    const s3 = await S3.start(place, buckets, {
      fate: (object) => chaos.write(rowsIn(object).map(({ text }) => text)),
      stored: (object) => witness.stored(rowsIn(object)),
      strike: (fate, accessKeyId) => {
        for (const writer of writers) {
          if (fate === 'stall') writer.stall(accessKeyId);
          else void writer.kill(accessKeyId);
        }
      },
    });
    keep(() => s3.stop());
    clients.AWS_ENDPOINT_URL_S3 = s3.endpoint;
    const objects = async (givenUp: boolean) => (await s3.objects()).filter((object) => isGivenUp(object) === givenUp);
    return {
      brought: {
        store: { place, rows: async () => (await objects(false)).flatMap(rowsIn) },
        deadLetter: { place, letters: async () => (await objects(true)).flatMap(lettersIn) },
      },
    };
  },
};

function rowsIn({ bucket, key, content }: S3Object) {
  return rowsOf(content.toString(), `${bucket}/${key}`);
}
