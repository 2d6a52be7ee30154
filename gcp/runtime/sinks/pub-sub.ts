import { writeEach } from '../../../shared/runtime/each-row';
import { stringify } from '../../../shared/runtime/json';
import { each } from '../../../shared/runtime/objects';
import { setting } from '../../../shared/runtime/setting';
import type { Made, Refusal, Sink } from '../../../shared/runtime/sink';
import type { Message } from '../dead-letter';
import { emulatorOf } from '../loopback';
import { post, Refused } from '../post';

/** The limits of Pub/Sub for one request. @see https://cloud.google.com/pubsub/quotas#resource_limits */
const [MAX_MESSAGES, MAX_REQUEST_BYTES] = [1000, 10_000_000];

/**
 * Pub/Sub: publishes each row as the data of one message. The rows of a lot are published in one request, either all or none. If the
 * topic is ordered, there is one request for each `partitionkey`, which is the ordering key: Pub/Sub takes no two keys in one.
 *
 * A lot that is written again is published again. Readers tell by the `source` and the `id` of the event. If the topic itself refuses
 * the messages, for example because of its schema, or if they are too large for one request, each is published alone, so that only
 * those that it refuses are left out: those of one key one after the other.
 * @param name the start of the environment variables of the topic: `EVENTS` reads `EVENTS_TOPIC`, `EVENTS_ENDPOINT` and `EVENTS_ORDERED`
 * @param timeout after how many milliseconds without an answer a write fails
 * @see https://cloud.google.com/pubsub/docs/reference/rest/v1/projects.topics/publish
 */
export function pubSubSink(name: string, timeout = 20_000): Sink<Message> {
  const path = `/v1/${setting(`${name}_TOPIC`)}:publish`;
  const host = setting(`${name}_ENDPOINT`);
  const isOrdered = setting(`${name}_ORDERED`) === 'true';
  const emulator = emulatorOf('PUBSUB_EMULATOR_HOST', process.env.PUBSUB_EMULATOR_HOST);

  const publish = (messages: readonly Message[]) => {
    const body = JSON.stringify({ messages });
    if (messages.length > MAX_MESSAGES || body.length > MAX_REQUEST_BYTES) {
      throw new RangeError(`a request to Pub/Sub has ${MAX_MESSAGES} messages and ${MAX_REQUEST_BYTES} bytes at most`);
    }
    return post(emulator, host, path, { body, contentType: 'application/json', timeout });
  };
  const write = async (made: readonly Made<Message>[]): Promise<readonly Refusal[]> => {
    try {
      await publish(made.map(({ stored }) => stored));
      return [];
    } catch (error) {
      if (!isRefusal(error)) throw error;
      return writeEach(made, (stored) => publish([stored]), isRefusal, keyOf);
    }
  };

  return {
    encode: (row, { partitionkey }) => {
      const data = Buffer.from(stringify(row)).toString('base64');
      return isOrdered && partitionkey ? { data, orderingKey: partitionkey } : { data };
    },
    write: async ({ made }) => {
      const refused: Refusal[] = [];
      const faults: unknown[] = [];
      await each(byKey(made), async (some) => {
        if (faults.length > 0) return;
        try {
          refused.push(...(await write(some)));
        } catch (error) {
          faults.push(error);
        }
      });
      if (faults.length > 0) throw faults[0];
      return refused;
    },
  };
}

function keyOf({ orderingKey }: Message): string | undefined {
  return orderingKey;
}

/** The messages of each key, in their order. Those without a key are together. */
function byKey(made: readonly Made<Message>[]): Made<Message>[][] {
  const groups = new Map<string | undefined, Made<Message>[]>();
  for (const one of made) {
    const group = groups.get(keyOf(one.stored));
    if (group) group.push(one);
    else groups.set(keyOf(one.stored), [one]);
  }
  return [...groups.values()];
}

/** Whether the topic refuses a message, or would because of its size. It would refuse it again. */
function isRefusal(error: unknown): boolean {
  if (error instanceof RangeError) return true;
  return error instanceof Refused && error.status === 400 && /"status":\s*"INVALID_ARGUMENT"/.test(error.answer);
}
