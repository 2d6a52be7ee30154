import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Answer } from '../../loopback';
import { SqsError } from './queue';

/** The version of the API that a form must name. */
const VERSION = '2012-11-05';

/**
 * API Gateway uses the older query protocol of SQS: the action and its parameters are a form. The response is JSON, because API
 * Gateway requests it.
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-making-api-requests-xml.html
 */
export function isForm(headers: IncomingHttpHeaders): boolean {
  return headers['x-amz-target'] === undefined && /^application\/x-www-form-urlencoded\b/.test(headers['content-type'] ?? '');
}

/**
 * The action of a form, and its parameters.
 * @throws SqsError if it does not contain the version of the API
 */
export function readForm(text: string): [string, Readonly<Record<string, string>>] {
  const { Action = '', Version, ...parameters } = Object.fromEntries(new URLSearchParams(text));
  if (Version !== VERSION)
    throw new SqsError('AWS.SimpleQueueService.NonExistentQueue', 'The specified queue does not exist for this wsdl version.');
  return [Action, parameters];
}

export function formAnswer(action: string, answer: object): Answer {
  const result = Object.keys(answer).length > 0 ? { [`${action}Result`]: answer } : {};
  return json(200, { [`${action}Response`]: { ...result, ResponseMetadata: { RequestId: randomUUID() } } });
}

export function formFault({ code, message }: SqsError): Answer {
  return json(400, { Error: { Code: code, Message: message, Type: 'Sender' }, RequestId: randomUUID() });
}

function json(status: number, body: object): Answer {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}
