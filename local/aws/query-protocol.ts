import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Answer } from '../loopback';

/**
 * API Gateway uses the older query protocol of SQS and SNS: the action and its parameters are a form. The response is JSON, because
 * API Gateway requests it.
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-making-api-requests-xml.html
 */
export function isForm(headers: IncomingHttpHeaders): boolean {
  return headers['x-amz-target'] === undefined && /^application\/x-www-form-urlencoded\b/.test(headers['content-type'] ?? '');
}

/** The action of a form, the version of the API that it names, and its parameters. */
export function readForm(text: string): { action: string; version?: string; parameters: Readonly<Record<string, string>> } {
  const { Action: action = '', Version: version, ...parameters } = Object.fromEntries(new URLSearchParams(text));
  return { action, version, parameters };
}

export function formAnswer(action: string, answer: object): Answer {
  const result = Object.keys(answer).length > 0 ? { [`${action}Result`]: answer } : {};
  return json(200, { [`${action}Response`]: { ...result, ResponseMetadata: { RequestId: randomUUID() } } });
}

export function formFault({ code, message }: { readonly code: string; readonly message: string }): Answer {
  return json(400, { Error: { Code: code, Message: message, Type: 'Sender' }, RequestId: randomUUID() });
}

function json(status: number, body: object): Answer {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}
