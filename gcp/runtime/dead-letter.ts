import { GoogleAuth } from 'google-auth-library';
import { setting } from '../../shared/runtime/setting';
import { emulatorOf } from './loopback';

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
 */
export function deadLetterTopic(name: string): (message: Message) => Promise<void> {
  const auth = new GoogleAuth({ scopes: 'https://www.googleapis.com/auth/cloud-platform' });
  const path = `/v1/${setting(`${name}_TOPIC`)}:publish`;
  const endpoint = setting(`${name}_ENDPOINT`);
  const emulator = emulatorOf('PUBSUB_EMULATOR_HOST', process.env.PUBSUB_EMULATOR_HOST);

  return async (message) => {
    const data = { messages: [message] };
    if (emulator) {
      const { ok, status } = await fetch(`http://${emulator}${path}`, { method: 'POST', body: JSON.stringify(data) });
      if (!ok) throw new Error(`The emulator answered with ${status}.`);
    } else {
      await auth.request({ url: `https://${endpoint}${path}`, method: 'POST', data, timeout: 10_000 });
    }
  };
}
