import fc from 'fast-check';
import { KinesisBuffer } from '../../../../aws/buffer/kinesis/kinesis-buffer';
import { ApiGatewayEntry } from '../../../../aws/connect/api-gateway/api-gateway-entry';
import { renderVtl } from '../../../../local/aws/api-gateway/mapping-template';
import { synthesize } from '../../../support/cdk';
import { anEvent, spelled } from '../../../support/events';

const { one } = synthesize((stack) => new ApiGatewayEntry(stack, 'Connect', { sink: new KinesisBuffer(stack, 'Buffer'), eventSchema: {} }));
const { 'Fn::Join': join } = one('AWS::ApiGateway::Method').Properties.Integration.RequestTemplates['application/json'];
const template: string = join[1].map((part: unknown) => (typeof part === 'string' ? part : 'the-stream')).join('');

/** The request to Kinesis that API Gateway makes from a body. It must be JSON. */
const put = (body: string) => JSON.parse(renderVtl(template, { body }).text);

/** Input that tries to change the stream, or to make more than one call. */
const hostile = fc.constantFrom(
  '","StreamName":"other',
  '"}{"StreamName":"other"}',
  '\\","StreamName":"other',
  '$input.body',
  '$util.base64Encode("x")',
  '#set($context.responseOverride.status = 200)',
  '#end',
  '#if(true)',
  '$key',
  '${key}',
  '#[[',
  ']]#',
  '##',
  "'",
  '\u2028',
);
const key = fc.oneof(hostile, fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }));
const event = fc.oneof(
  anEvent,
  fc.tuple(anEvent, key).map(([given, partitionkey]) => ({ ...given, partitionkey })),
  fc
    .tuple(anEvent, key, fc.dictionary(key, fc.jsonValue({ maxDepth: 2 })))
    .map(([{ partitionkey: _, ...given }, id, data]) => ({ ...given, id, data })),
);

test('the record of any event has its exact bytes, and its partition key or id, in the stream', () =>
  fc.assert(
    fc.property(event, spelled(event), (given, other) => {
      for (const body of [JSON.stringify(given), other]) {
        const { id, partitionkey } = JSON.parse(body);
        expect(put(body)).toEqual({
          StreamName: 'the-stream',
          Data: Buffer.from(body).toString('base64'),
          PartitionKey: partitionkey ?? id,
        });
      }
    }),
    { numRuns: 300 },
  ));

test('any JSON body changes only the data and the partition key of the request', () => {
  const odd = fc.oneof(fc.jsonValue({ maxDepth: 2 }), hostile, fc.constantFrom(0, false, null, '', '0', {}, [], 1e300));
  const body = fc.oneof(
    fc.jsonValue(),
    fc.record({ partitionkey: odd, id: odd, StreamName: odd, Data: odd }, { requiredKeys: [] }),
    fc.dictionary(fc.oneof(hostile, fc.constantFrom('__proto__', 'partitionkey', 'id')), odd),
  );
  fc.assert(
    fc.property(spelled(body), (text) => {
      const { PartitionKey: _, ...others } = put(text);
      expect(others).toEqual({ StreamName: 'the-stream', Data: Buffer.from(text).toString('base64') });
    }),
    { numRuns: 300 },
  );
});

test.each([10, 100, 400])('an event of %i levels with numbers of any length is put unchanged', (levels) => {
  const body = `{"id":"1","data":${'[{"a":'.repeat(levels)}123456789012345678901234567890.5e3${'}]'.repeat(levels)}}`;
  expect(put(body)).toEqual({ StreamName: 'the-stream', Data: Buffer.from(body).toString('base64'), PartitionKey: '1' });
});
