import { writeEach } from '../../../shared/runtime/each-row';
import { stringify } from '../../../shared/runtime/json';
import { setting } from '../../../shared/runtime/setting';
import type { Sink } from '../../../shared/runtime/sink';
import { emulatorOf } from '../loopback';
import { post, Refused } from '../post';

/** The limits of Pub/Sub for one request. @see https://cloud.google.com/pubsub/quotas#resource_limits */
const [MAX_MESSAGES, MAX_REQUEST_BYTES] = [1000, 10_000_000];

/**
 * Pub/Sub: publishes each row as the data of one message. The rows of a lot are published in one request, either all or none.
 *
 * A lot that is written again is published again. Readers tell by the `source` and the `id` of the event. If the topic itself refuses
 * the messages, for example because of its schema, each is published alone, so that only those that it refuses are left out.
 * @param name the start of the environment variables of the topic: `EVENTS` reads `EVENTS_TOPIC` and `EVENTS_ENDPOINT`
 * @param timeout after how many milliseconds without an answer a write fails
 * @see https://cloud.google.com/pubsub/docs/reference/rest/v1/projects.topics/publish
 */
export function pubSubSink(name: string, timeout = 20_000): Sink<string> {
  const path = `/v1/${setting(`${name}_TOPIC`)}:publish`;
  const host = setting(`${name}_ENDPOINT`);
  const emulator = emulatorOf('PUBSUB_EMULATOR_HOST', process.env.PUBSUB_EMULATOR_HOST);

  const publish = (rows: readonly string[]) => {
    const body = JSON.stringify({ messages: rows.map((row) => ({ data: Buffer.from(row).toString('base64') })) });
    if (rows.length > MAX_MESSAGES || body.length > MAX_REQUEST_BYTES) {
      throw new RangeError(`a request to Pub/Sub has ${MAX_MESSAGES} messages and ${MAX_REQUEST_BYTES} bytes at most`);
    }
    return post(emulator, host, path, { body, contentType: 'application/json', timeout });
  };

  return {
    encode: (row) => stringify(row),
    write: async ({ made }) => {
      if (made.length === 0) return [];
      try {
        await publish(made.map(({ stored }) => stored));
        return [];
      } catch (error) {
        if (!isRefusal(error)) throw error;
        return writeEach(made, (stored) => publish([stored]), isRefusal);
      }
    },
  };
}

/** Whether the topic refuses a message. It would refuse it again. */
function isRefusal(error: unknown): boolean {
  return error instanceof Refused && error.status === 400 && /"status":\s*"INVALID_ARGUMENT"/.test(error.answer);
}
