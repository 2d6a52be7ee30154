import type { Readable } from 'node:stream';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { SESEvent, SESMessage, SQSEvent } from 'aws-lambda';
import PostalMime from 'postal-mime';
import { setting } from '../../../../shared/runtime/setting';
import { inOneLine } from '../../../../shared/runtime/verdict';
import { type Call, CLIENT, nearlyOver } from '../../requests';
import { mailEvent, type Read } from './mail-event';
import { outlineOf } from './outline';
import { recordSink } from './record-sink';

const s3 = new S3Client(CLIENT);
const bucket = setting('STORE_BUCKET');
const prefix = setting('STORE_PREFIX');
const domain = setting('DOMAIN');
const put = recordSink();

/**
 * Called by SES for each mail, after the mail was stored, and by a queue for each mail whose call failed.
 * @throws Error if the mail could not be read from the store, or its event not be put into the buffer: the call is retried
 */
export async function handler({ Records }: SESEvent | SQSEvent, call: Call): Promise<void> {
  const signal = nearlyOver(call);
  for (const message of Records.flatMap((record) => ('ses' in record ? [record.ses] : retriedIn(record.body))))
    await handle(message, signal);
}

/** Lambda sends the event of a failed call to the queue as it was. */
function retriedIn(body: string): SESMessage[] {
  return (JSON.parse(body) as SESEvent).Records.map(({ ses }) => ses);
}

async function handle(message: SESMessage, abortSignal: AbortSignal): Promise<void> {
  const key = `${prefix}${message.mail.messageId}`;
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }), { abortSignal });
  const { mime, bytes, isCut } = await outlineOf(Body as Readable);
  const event = mailEvent(domain, message, { bucket, key, bytes }, await parsed(mime, isCut));
  await put(event.id, JSON.stringify(event), abortSignal);
  console.info({ message: 'A mail was received.', messageId: event.id, bytes });
}

/** A mail that cannot be parsed gives an event too, with what SES knows of it. */
async function parsed(mime: Buffer, isCut: boolean): Promise<Read> {
  try {
    return { email: await PostalMime.parse(mime), isCut };
  } catch (error) {
    return { fault: inOneLine(error) };
  }
}
