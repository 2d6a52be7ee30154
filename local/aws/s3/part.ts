import path from 'node:path';
import type { Opened, Part } from '../../parts';
import type { Letter } from '../../platform';
import { rowsOf } from '../../rows';
import { nameOf, type Site } from '../site';
import { givenUp, lettersIn } from './given-up';
import { S3, type S3Object } from './s3';

const LONGEST_NAME = 63;

/**
 * Buckets are folders. A bucket that is the on-failure destination of a mapping has records with their payloads. The objects of
 * every other bucket have rows, one in each line.
 */
export const PART: Part<Site> = {
  overrides: () => ['AWS_ENDPOINT_URL_S3 = the stand-in'],

  async open(
    { stack, clients, writers, services, destinations, replays, failures, derived },
    { folder, chaos, witness, keep },
  ): Promise<Opened> {
    const deadLetters = new Set<string>();
    const rowsIn = ({ bucket, key, content }: S3Object) =>
      rowsOf(content, `${bucket}/${key}`).filter(({ event }) => !(event && derived.has(event.source)));
    const buckets = stack.all('AWS::S3::Bucket').map((resource) => {
      const name = nameOf(stack, resource, 'BucketName', LONGEST_NAME).toLowerCase();
      stack.created(resource.id, { ref: name, attributes: { Arn: `arn:aws:s3:::${name}` } });
      return name;
    });
    const place = path.join(folder, 's3');
    /** The events in an object that a service writes below its failed prefix, or nothing for any other object. */
    const failedIn = ({ bucket, key, content }: S3Object) => {
      const failed = failures.get(`arn:aws:s3:::${bucket}`);
      return failed && key.startsWith(failed.prefix) ? failed.read(content, `${bucket}/${key}`) : undefined;
    };
    const events = (object: S3Object) => (deadLetters.has(object.bucket) ? lettersIn(object) : failedIn(object));
    const s3 = await S3.start(place, buckets, {
      fate: (object, accessKeyId) => {
        if (events(object)) return 'take';
        return chaos.write(services.has(accessKeyId) ? [] : rowsIn(object).map(({ text }) => text));
      },
      stored: (object) => {
        const letters = events(object);
        if (!letters) return witness.stored(rowsIn(object));
        for (const letter of letters) witness.deadLettered(letter);
      },
      strike: (fate, accessKeyId) => {
        for (const writer of writers) {
          if (fate === 'stall') writer.stall(accessKeyId);
          else void writer.kill(accessKeyId);
        }
      },
    });
    keep(() => s3.stop());
    clients.AWS_ENDPOINT_URL_S3 = s3.endpoint;
    replays.AWS_ENDPOINT_URL_S3 = s3.endpoint;
    for (const bucket of buckets) {
      destinations.set(`arn:aws:s3:::${bucket}`, async (message, payload) => {
        await s3.write({ bucket, ...givenUp(message, payload) });
      });
    }
    const isStore = (bucket: string) => !deadLetters.has(bucket);
    const rows = async function* () {
      for await (const object of s3.objects(buckets.filter(isStore))) if (!failedIn(object)) yield* rowsIn(object);
    };
    const letters = async () => {
      const found: Letter[] = [];
      for await (const object of s3.objects()) found.push(...(events(object) ?? []));
      return found;
    };
    return {
      async begin() {
        for (const mapping of stack.all('AWS::Lambda::EventSourceMapping')) {
          const property = 'DestinationConfig.OnFailure.Destination';
          const [, bucket] = /^arn:aws:s3:::(.+)$/.exec(String(stack.value(mapping, property) ?? '')) ?? [];
          if (bucket !== undefined) deadLetters.add(bucket);
        }
        const words = [...deadLetters].flatMap((bucket) => ['--dead-letter', `s3://${bucket}/`]);
        const replay = words.length > 0 ? { settings: replays, words: ['aws', ...words] } : undefined;
        return { store: { place, rows }, ...(deadLetters.size + failures.size > 0 && { deadLetter: { place, replay, letters } }) };
      },
    };
  },
};
