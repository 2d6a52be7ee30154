import { KinesisClient, PutRecordCommand } from '@aws-sdk/client-kinesis';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { CLIENT } from '../../requests';

/** Put one event into a buffer. @throws Error if the buffer did not accept it */
export type Put = (id: string, json: string, abortSignal: AbortSignal) => Promise<void>;

/**
 * A function that puts events into the buffer of the binding `SINK`: a queue, or a stream.
 * @throws Error when the settings of the binding are missing
 */
export function recordSink(): Put {
  const { SINK_QUEUE_URL, SINK_STREAM } = process.env;
  if (SINK_QUEUE_URL) return queue();
  if (SINK_STREAM) return stream();
  throw new Error('The setting SINK_QUEUE_URL or SINK_STREAM is missing. The template sets it: deploy both from the same commit.');
}

/** SQS refuses the characters U+FFFE and U+FFFF, unless JSON escapes them. */
function queue(): Put {
  const sqs = new SQSClient(CLIENT);
  return async (_, json, abortSignal) => {
    const body = json.replace(/[\ufffe\uffff]/g, (character) => `\\u${character.charCodeAt(0).toString(16)}`);
    await sqs.send(new SendMessageCommand({ QueueUrl: process.env.SINK_QUEUE_URL, MessageBody: body }), { abortSignal });
  };
}

function stream(): Put {
  const kinesis = new KinesisClient(CLIENT);
  return async (PartitionKey, json, abortSignal) => {
    const command = new PutRecordCommand({ StreamName: process.env.SINK_STREAM, PartitionKey, Data: Buffer.from(json) });
    await kinesis.send(command, { abortSignal });
  };
}
