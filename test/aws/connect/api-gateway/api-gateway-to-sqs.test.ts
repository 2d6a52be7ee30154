import fc from 'fast-check';
import { SqsBuffer } from '../../../../aws/buffer/sqs/sqs-buffer';
import { ApiGatewayEntry } from '../../../../aws/connect/api-gateway/api-gateway-entry';
import { renderVtl } from '../../../../local/aws/api-gateway/mapping-template';
import { answerOf } from '../../../support/api-gateway';
import { synthesize } from '../../../support/cdk';
import { anEvent, spelled } from '../../../support/events';

const QUEUE = 'https://sqs.eu-west-1.amazonaws.com/123456789012/Test-Buffer+Queue';

const { one } = synthesize((stack) => new ApiGatewayEntry(stack, 'Connect', { sink: new SqsBuffer(stack, 'Buffer'), eventSchema: {} }));
const integration = one('AWS::ApiGateway::Method').Properties.Integration;
const { 'Fn::Join': join } = integration.RequestTemplates['application/json'];
const template: string = join[1].map((part: unknown) => (typeof part === 'string' ? part : QUEUE)).join('');

/** The form that API Gateway makes from a body, and its fields, in order. */
const formOf = (body: string) => renderVtl(template, { body }).text;
const send = (body: string) => [...new URLSearchParams(formOf(body))];
const sent = (MessageBody: string) => Object.entries({ Action: 'SendMessage', Version: '2012-11-05', QueueUrl: QUEUE, MessageBody });

/** Input that tries to change the queue or the action, or to make more than one call. */
const hostile = fc.constantFrom(
  '&QueueUrl=https://sqs.eu-west-1.amazonaws.com/1/other',
  '&Action=PurgeQueue',
  '\n&MessageBody=other',
  '%26Action%3DPurgeQueue',
  '+ %20 ; = & # ?',
  '$input.body',
  "$util.urlEncode('x')",
  '#end',
  '#[[',
  '##',
  "'",
  'ä€😀\u2028',
);
const event = fc.oneof(
  anEvent,
  fc.tuple(anEvent, hostile, hostile).map(([given, id, data]) => ({ ...given, id, data: { [data]: data } })),
);

test('the request is a form, which begins with its first field', () => {
  expect(JSON.stringify(integration.Uri)).toContain(':sqs:action/SendMessage');
  expect(integration.RequestParameters).toEqual({ 'integration.request.header.Content-Type': "'application/x-www-form-urlencoded'" });
  expect(template).toMatch(/^Action=/);
  expect(formOf('{"id":"1"}')).toBe(
    'Action=SendMessage&Version=2012-11-05&QueueUrl=https%3A%2F%2Fsqs.eu-west-1.amazonaws.com%2F123456789012%2FTest-Buffer%2BQueue&MessageBody=%7B%22id%22%3A%221%22%7D',
  );
});

test('the message of any event has its exact bytes, in the queue', () =>
  fc.assert(
    fc.property(event, spelled(event), (given, other) => {
      for (const body of [JSON.stringify(given), JSON.stringify(given, null, 2), other]) expect(send(body)).toEqual(sent(body));
    }),
    { numRuns: 300 },
  ));

test('any JSON body changes only the message of the request', () => {
  const body = fc.oneof(fc.jsonValue(), hostile, fc.dictionary(hostile, hostile));
  fc.assert(fc.property(spelled(body), (text) => expect(send(text)).toEqual(sent(text))));
});

test('every digit of a number stays', () => {
  const body = '{"id":"1","data":12345678901234567890.10}';
  expect(send(body)).toEqual(sent(body));
});

describe('the response to the sender', () => {
  const answerTo = (status: number, body: object) => answerOf(integration, status, body);

  test('an event that was put is acknowledged with the id of its message, and nothing else', () => {
    const SendMessageResult = { MD5OfMessageBody: 'd41d8cd98f00b204e9800998ecf8427e', MessageId: '5fea7756-0ea4', SequenceNumber: null };
    const SendMessageResponse = { SendMessageResult, ResponseMetadata: { RequestId: '27daac76' } };
    expect(answerTo(200, { SendMessageResponse })).toEqual([202, { MessageId: '5fea7756-0ea4' }]);
  });

  test.each([
    [429, 403, 'RequestThrottled'],
    [429, 400, 'KMS.ThrottlingException'],
    [413, 400, 'InvalidParameterValue'],
    [413, 400, 'InvalidMessageContents'],
    [500, 400, 'AWS.SimpleQueueService.NonExistentQueue'],
    [500, 403, 'AccessDenied'],
    [503, 500, 'InternalError'],
  ])('%i for a %i %s, without a word about what stands behind', (status, from, Code) => {
    const answer = { Error: { Code, Message: `${QUEUE} does not take it`, Type: 'Sender' }, RequestId: '42d59b56' };
    expect(answerTo(from, answer)).toEqual([status, { message: 'The event was not accepted.', requestId: 'r-1' }]);
  });

  test('500 for an unknown response', () => expect(answerTo(418, {})[0]).toBe(500));
});
