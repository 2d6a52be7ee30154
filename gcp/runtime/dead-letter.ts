import { setting } from '../../shared/runtime/setting';
import { emulatorOf } from './loopback';
import { post } from './post';

/** A message as Pub/Sub takes it and hands it on. */
export interface Message {
  /** The bytes of the event, in base64. */
  readonly data?: string;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly orderingKey?: string;
}

/**
 * Publish messages to the topic of the dead letter. The whole Pub/Sub client would be much code for this one call.
 * @param name what starts the settings of the topic: `DEAD_LETTER` reads `DEAD_LETTER_TOPIC` and `DEAD_LETTER_ENDPOINT`
 * @see https://cloud.google.com/pubsub/docs/reference/rest/v1/projects.topics/publish
 */
export function deadLetterTopic(name: string): (message: Message) => Promise<void> {
  const path = `/v1/${setting(`${name}_TOPIC`)}:publish`;
  const host = setting(`${name}_ENDPOINT`);
  const emulator = emulatorOf('PUBSUB_EMULATOR_HOST', process.env.PUBSUB_EMULATOR_HOST);
  return (message) => {
    const body = JSON.stringify({ messages: [message] });
    return post(emulator, host, path, { body, contentType: 'application/json', timeout: 10_000 });
  };
}
