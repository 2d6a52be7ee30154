import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Letter } from '../../platform';
import { many } from '../../text';
import type { PublishedMessage } from './message';

/**
 * A message in the dead letter. The handler or the store sets a reason. If Pub/Sub itself gave up pushing the message, there is only
 * the number of delivery attempts.
 * @param place the dead letter. The name of the subscription whose delivery failed is added
 */
export function letterOf({ data, attributes }: PublishedMessage, place: string): Letter {
  const { CloudPubSubDeadLetterSourceDeliveryErrorMessage: error, CloudPubSubDeadLetterSourceDeliveryCount: count } = attributes;
  const reason = attributes.deadLetterReason ?? error;
  const source = attributes.deadLetterSubscription?.split('/').at(-1) ?? attributes.CloudPubSubDeadLetterSourceSubscription;
  return {
    bytes: data,
    place: source === undefined ? place : `${place}${ofSubscription(source)}`,
    reason: reason ?? (count ? `not acknowledged in ${many(Number(count), 'try', 'tries')}` : 'no reason given'),
  };
}

/** The end of the place of a dead letter of a subscription. */
export function ofSubscription(name: string): string {
  return ` of ${name}`;
}

/** Write the event unchanged, and a JSON file with its attributes. */
export function writeLetter(folder: string, { data, ...rest }: PublishedMessage) {
  writeFileSync(path.join(folder, rest.messageId), data);
  writeFileSync(path.join(folder, `${rest.messageId}.json`), JSON.stringify(rest, undefined, 2));
}
