import type { DynamoDBRecord } from 'aws-lambda';
import { dynamodbSource } from '../../../../aws/runtime/sources/dynamodb';
import { CONTEXT, changeOf } from '../../../support/lambda-events';
import { ARRIVAL, modelEnds } from '../../../support/settling';

beforeEach(() => {
  jest.spyOn(console, 'info').mockImplementation();
  jest.spyOn(console, 'error').mockImplementation();
});

/** A source with a model of a store and a dead letter, and what the model got. How it retries is tried with Kinesis: the code is the same. */
function source(options: Parameters<typeof modelEnds>[0] = {}) {
  const model = modelEnds(options);
  const handler = dynamodbSource(model.ends);
  return { ...model, handler: (...Records: DynamoDBRecord[]) => handler({ Records }, CONTEXT) };
}

const stream = 'arn:aws:dynamodb:eu-west-1:123456789012:table/rows/stream/2026-01-31T08:30:00.000';
const numberOf = ({ dynamodb }: DynamoDBRecord) => dynamodb!.SequenceNumber!;
/** The text that the store gets for a change. */
async function textOf(change: Partial<DynamoDBRecord>): Promise<string | undefined> {
  const { handler, lots } = source();
  await handler({ ...changeOf('1'), ...change });
  return [...lots.values()][0]?.made[0]?.stored;
}

test('a change is an event of the contract: the table is its source, and data has its keys and the row before and after', async () => {
  const { handler, rows } = source();
  const row = (celsius: string) => ({ eventKey: { S: '/test|1' }, celsius: { N: celsius } });
  const change = { ...changeOf('c1'), eventName: 'MODIFY' as const };
  await handler({ ...change, dynamodb: { ...change.dynamodb, OldImage: row('1'), NewImage: row('2.50') } });
  expect(rows()).toEqual([
    {
      specversion: '1.0',
      id: 'c1',
      source: 'arn:aws:dynamodb:eu-west-1:123456789012:table/rows',
      type: 'row.changed',
      time: '2026-01-31T08:30:00.000Z',
      data: {
        keys: { eventKey: '/test|c1', rowIndex: 0 },
        before: { eventKey: '/test|1', celsius: 1 },
        after: { eventKey: '/test|1', celsius: 2.5 },
      },
    },
  ]);
});

test.each<[string, Partial<DynamoDBRecord>]>([
  ['row.added', { eventName: 'INSERT' }],
  ['row.changed', { eventName: 'MODIFY' }],
  ['row.removed', { eventName: 'REMOVE' }],
  ['row.removed', { eventName: 'REMOVE', userIdentity: { type: 'AssumedRole', principalId: 'someone' } }],
  ['row.expired', { eventName: 'REMOVE', userIdentity: { type: 'Service', principalId: 'dynamodb.amazonaws.com' } }],
])('its type is %s for %j', async (type, change) => expect(JSON.parse((await textOf(change))!).type).toBe(type));

test('every value becomes JSON, and every digit is kept', async () => {
  const NewImage = {
    big: { N: '12345678901234567890123456789012345678' },
    fraction: { N: '-0.1000000000000000055' },
    odd: { N: 'Infinity' },
    none: { NULL: true },
    list: { L: [{ BOOL: false }, { M: { a: { S: 'ü"' } } }] },
    texts: { SS: ['a', 'b'] },
    numbers: { NS: ['1', '2'] },
    bytes: { B: 'AAE=' },
    many: { BS: ['AAE='] },
  };
  const text = await textOf({ dynamodb: { ...changeOf('1').dynamodb, NewImage } });
  expect(text).toContain(
    '"after":{"big":12345678901234567890123456789012345678,"fraction":-0.1000000000000000055,"odd":"Infinity","none":null,' +
      '"list":[false,{"a":"ü\\""}],"texts":["a","b"],"numbers":[1,2],"bytes":"AAE=","many":["AAE="]}',
  );
});

test('a lot is named by its changes, and has the hour of their arrival', async () => {
  const { handler, lots } = source();
  const changes = ['a', 'b'].map((id, place) => changeOf(id, place));
  await handler(...changes);
  expect([...lots.values()].map(({ name, arrived }) => [name.slice(0, -9), arrived])).toEqual([
    [`${numberOf(changes[0]!)}-${numberOf(changes[1]!)}`, ARRIVAL],
  ]);
});

test('after a fault of the store the batch comes again from its first change', async () => {
  const { handler } = source({ fault: () => 'before' });
  const changes = ['a', 'b'].map((id, place) => changeOf(id, place));
  expect(await handler(...changes)).toEqual({ batchItemFailures: [{ itemIdentifier: numberOf(changes[0]!) }] });
});

test('a change that the store never takes is in the dead letter, with its place in the stream', async () => {
  const { handler, letters } = source({ transform: (event) => (event.id === 'b' ? { refused: 'refused' } : event) });
  const [a, b] = ['a', 'b'].map((id, place) => changeOf(id, place)) as [DynamoDBRecord, DynamoDBRecord];
  expect(await handler(a, b)).toEqual({ batchItemFailures: [] });
  expect(letters).toMatchObject([
    { reason: 'the store never takes it', position: { stream, sequenceNumber: numberOf(b) }, payload: expect.stringContaining('"id":"b"') },
  ]);
});
