import type { SQSRecord } from 'aws-lambda';
import type { DeadLetter } from '../../shared/runtime/verdict';

/** The message attributes of a dead letter, which tell messages from the handler from those that SQS moves to the same queue. */
export type Kind = { readonly kind: string };

/** A dead letter with a message of the queue. */
export const LETTER: Kind = { kind: 'letter' };
/** A dead letter with one line of an object that a message names. */
export const LINE: Kind = { kind: 'line' };

/** The payload of a dead letter that was moved back to the queue. A dead letter in several parts is not unpacked. */
export function readLetter({ body, messageAttributes }: SQSRecord, { kind }: Kind): Buffer | undefined {
  if (messageAttributes.kind?.stringValue !== kind) return undefined;
  try {
    const { payload, encoding, parts }: DeadLetter & { parts?: number } = JSON.parse(body);
    return parts === undefined ? Buffer.from(payload, encoding === 'base64' ? 'base64' : 'utf8') : undefined;
  } catch {
    return undefined;
  }
}
