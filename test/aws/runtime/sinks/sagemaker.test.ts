import { s3Sink } from '../../../../aws/runtime/sinks/s3';
import { sagemakerSink } from '../../../../aws/runtime/sinks/sagemaker';
import type { Row } from '../../../../shared/runtime/event';
import { parse } from '../../../../shared/runtime/json';
import { CLIENT_ENVIRONMENT, s3, sagemaker } from '../../../support/aws-stand-ins';
import type { Fault } from '../../../support/faults';
import { loopback } from '../../../support/loopback';
import { eventOf } from '../../../support/settling';
import { lotOf, type SinkUnderTest, writesEachLotOnce } from '../../../support/sink-proofs';

let store: Awaited<ReturnType<typeof s3>>;
let endpoint: Awaited<ReturnType<typeof sagemaker>>;
let made: SinkUnderTest<string>;

const open = (environment: Readonly<Record<string, string>> = {}) => {
  Object.assign(process.env, environment);
  return sagemakerSink({ name: 'STORE', sink: s3Sink({ name: 'STORE', processor: 'press' }) });
};

beforeAll(async () => {
  [store, endpoint] = [await s3(), await sagemaker()];
  Object.assign(process.env, CLIENT_ENVIRONMENT, store.environment, endpoint.environment);
  made = {
    sink: open({ STORE_BUCKET: 'my-bucket', STORE_PREFIX: 'events/', STORE_ENDPOINT: 'predictions' }),
    contents: async () => ({ ...store.objects }),
    count: async () => store.lines().length,
    set: store.set,
    clear: async () => {
      for (const key of Object.keys(store.objects)) delete store.objects[key];
    },
  };
});
beforeEach(async () => {
  await made.clear();
  store.set('none');
  endpoint.set('none');
  endpoint.predict(() => ({ status: 200, body: '{"score": 0.5}' }));
  endpoint.asked.splice(0);
});

writesEachLotOnce(() => made);

const rowOf = (row: string): any => JSON.parse(row);
const write = (...rows: Row[]) => made.sink.write(lotOf(made.sink, [{ event: eventOf('1'), rows }]));

test('the model gets each row as JSON, and its answer is stored with the row', async () => {
  endpoint.predict((row) => ({ status: 200, body: `{ "twice":\n ${rowOf(row).n * 2} }` }));
  await write({ id: 'a', n: 1 }, { id: 'b', n: 2 });
  expect(endpoint.asked.map(({ row }) => row).sort()).toEqual(['{"id":"a","n":1}', '{"id":"b","n":2}']);
  expect(endpoint.asked[0]!.headers).toMatchObject({ 'content-type': 'application/json', accept: 'application/json' });
  expect(store.lines()).toEqual(['{"id":"a","n":1,"prediction":{"twice":2}}', '{"id":"b","n":2,"prediction":{"twice":4}}']);
});

test.each<[string, string, string]>([
  ['an object without fields', '{}', '{"prediction":1}'],
  [
    'numbers with many digits',
    '{"n":12345678901234567890,"price":0.1000000000000000055}',
    '{"n":12345678901234567890,"price":0.1000000000000000055,"prediction":1}',
  ],
])('a row is stored as it is: %s', async (_, row, stored) => {
  endpoint.predict(() => ({ status: 200, body: '1' }));
  await write(parse(row) as Row);
  expect(store.lines()).toEqual([stored]);
});

test.each([
  ['a number', '0.25', '0.25'],
  ['more digits than a double has', '[12345678901234567890]', '[12345678901234567890]'],
  ['nothing', 'null', 'null'],
  ['a text with a line break in it', '"a\\nb"', '"a\\nb"'],
])('a prediction can be %s', async (_, body, stored) => {
  endpoint.predict(() => ({ status: 200, body }));
  await write({});
  expect(store.lines()).toEqual([`{"prediction":${stored}}`]);
});

test('a row that has a prediction already is refused before the model is asked', () =>
  expect(() => made.sink.encode({ prediction: 1 }, eventOf('1'), 0)).toThrow('the row must not have prediction, which the sink sets'));

describe('an event goes to the dead letter, and all others are stored,', () => {
  const refusals = async (row: Row = { note: 'odd' }) => {
    const lot = lotOf(made.sink, [{ event: eventOf('1') }, { event: eventOf('2'), rows: [{ id: 'fine' }, row] }, { event: eventOf('3') }]);
    const refused = await made.sink.write(lot);
    expect(refused.map(({ record }) => record)).toEqual([lot.made[1]!.record]);
    expect(await store.ids()).toEqual(['1', '3']);
    return refused[0]!.reason;
  };
  const answer = (status: number, body: string | Buffer) =>
    endpoint.predict((row) => (row.includes('odd') ? { status, body } : { status: 200, body: '1' }));

  test.each([400, 404, 413, 415, 422])('if the model refuses one of its rows with %d', async (status) => {
    answer(status, 'no feature\nof that name');
    expect(await refusals()).toBe(`PermanentError: the model refused the row with ${status}: no feature of that name`);
  });

  test.each<[string, string | Buffer, string]>([
    ['text', 'odd', 'not JSON'],
    ['nothing', '', 'not JSON'],
    ['NaN, as Python writes it', '{"score": NaN}', 'not JSON'],
    ['a name twice', '{"a": 1, "a": 2}', 'a name occurs twice in an object'],
    ['bytes', Buffer.from([0x22, 0xff, 0x22]), 'not UTF-8'],
  ])('if the model answers with %s', async (_, body, reason) => {
    answer(200, body);
    expect(await refusals()).toBe(`PermanentError: the model must answer with JSON: ${reason}`);
  });

  test('if one of its rows is larger than a request', async () => {
    const reason = await refusals({ note: 'x'.repeat(4_000_000) });
    expect(reason).toBe('PermanentError: the row has 4000011 bytes, and the model gets at most 4000000');
    expect(endpoint.asked.every(({ row }) => row.length < 1000)).toBe(true);
  });
});

test.each([408, 429, 500, 503])('if the container answers with %d, nothing of the lot is stored and it is retried', async (status) => {
  endpoint.predict((row) => (row.includes('"2"') ? { status, body: 'busy' } : { status: 200, body: '1' }));
  const lot = lotOf(made.sink, [{ event: eventOf('1') }, { event: eventOf('2') }]);
  await expect(made.sink.write(lot)).rejects.toThrow(`Received client error (${status})`);
  expect(store.lines()).toEqual([]);
  endpoint.predict(() => ({ status: 200, body: '1' }));
  expect(await made.sink.write(lot)).toEqual([]);
  expect(await store.ids()).toEqual(['1', '2']);
});

test.each([
  ['ValidationError', 400, 'Endpoint predictions of account 123456789012 not found.'],
  ['AccessDeniedException', 403, 'is not authorized to perform: sagemaker:InvokeEndpoint'],
  ['InternalFailure', 500, 'An internal failure occurred.'],
])('if SageMaker answers with %s, nothing of the lot is stored and it is retried', async (name, status, Message) => {
  await expect(writeTo(name, status, Message)).rejects.toThrow(Message);
  expect(store.lines()).toEqual([]);
});

test.each(['ModelNotReadyException', 'ThrottlingException'])(
  'as long as SageMaker answers with %s, it is asked again until the time of the call is over',
  async (name) => {
    await expect(writeTo(name, 429, 'Wait.', AbortSignal.timeout(50))).rejects.toThrow('aborted');
    expect(store.lines()).toEqual([]);
  },
);

/** Writes one row, while SageMaker answers every request with an error. */
async function writeTo(name: string, status: number, Message: string, signal?: AbortSignal) {
  const headers = { 'x-amzn-errortype': name, 'content-type': 'application/json' };
  const down = await loopback(() => ({ status, headers, body: JSON.stringify({ Message, message: Message }) }));
  const sink = open({ AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME: down });
  try {
    return await sink.write(lotOf(sink, [{ event: eventOf('1') }]), signal);
  } finally {
    // A client reads its endpoint when it sends the first request.
    Object.assign(process.env, endpoint.environment);
  }
}

test.each<Fault>(['before', 'after'])('a request that SageMaker loses %s the model was asked is retried with its lot', async (fault) => {
  const lot = lotOf(made.sink, [{ event: eventOf('1') }]);
  endpoint.set(fault);
  await expect(made.sink.write(lot)).rejects.toThrow();
  expect(store.lines()).toEqual([]);
  endpoint.set('none');
  expect(await made.sink.write(lot)).toEqual([]);
  expect(await store.ids()).toEqual(['1']);
});

test('the model is asked about five rows at the same time, by all lots together', async () => {
  const lots = Array.from({ length: 4 }, () =>
    lotOf(
      made.sink,
      Array.from({ length: 20 }, (_, id) => ({ event: eventOf(`${id}`) })),
    ),
  );
  await Promise.all(lots.map((lot) => made.sink.write(lot)));
  expect([store.lines().length, endpoint.most()]).toEqual([80, 5]);
});
