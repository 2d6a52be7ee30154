import { s3Sink } from '../../../../aws/runtime/sinks/s3';
import { CLIENT_ENVIRONMENT, s3 } from '../../../support/aws-stand-ins';
import { loopback } from '../../../support/loopback';
import { ARRIVAL, eventOf } from '../../../support/settling';
import { lotOf, type SinkUnderTest, writesEachLotOnce } from '../../../support/sink-proofs';

let store: Awaited<ReturnType<typeof s3>>;
let made: SinkUnderTest<string>;
beforeAll(async () => {
  store = await s3();
  Object.assign(process.env, CLIENT_ENVIRONMENT, store.environment, { STORE_BUCKET: 'my-bucket', STORE_PREFIX: 'events/' });
  made = {
    sink: s3Sink({ name: 'STORE', processor: 'press' }),
    contents: async () => ({ ...store.objects }),
    count: async () => store.lines().length,
    set: store.set,
    clear: async () => {
      for (const key of Object.keys(store.objects)) delete store.objects[key];
    },
  };
});

writesEachLotOnce(() => made);

test('an object for each lot, in the folder of its hour, named by the lot and the processor, with a line for each row', async () => {
  const { sink, contents, clear } = made;
  await clear();
  const lot = lotOf(sink, [{ event: eventOf('1'), rows: [{ id: '1' }, { line: 'a\nb', large: 12345678901234567890123n }] }]);
  await sink.write({ ...lot, name: 'shardId-000000000000-1000-1002', arrived: ARRIVAL });
  expect(await contents()).toEqual({
    'PUT /my-bucket/events/year=2026/month=01/day=31/hour=08/shardId-000000000000-1000-1002-press.ndjson.gz':
      '{"id":"1"}\n{"line":"a\\nb","large":12345678901234567890123}\n',
  });
});

test('an object is compressed, with its file name and content type, and without a content encoding that clients decode', async () => {
  const { sink, clear } = made;
  await clear();
  await sink.write(lotOf(sink, [{ event: eventOf('1') }]));
  const headers = store.writes.at(-1)!;
  expect(headers).toMatchObject({ 'content-type': 'application/gzip', 'if-none-match': '*' });
  expect(headers['content-encoding']).toBeUndefined();
});

test('an object whose response was lost is detected at the next try, and is not written again', async () => {
  const { sink, contents, clear, set } = made;
  await clear();
  const lot = lotOf(sink, [{ event: eventOf('1') }]);
  set('after');
  await expect(sink.write(lot)).rejects.toThrow();
  const before = await contents();
  set('none');
  const again = { ...lot, made: lot.made.map(({ record }) => ({ record, stored: 'what another version of the code would make of it' })) };
  expect(await sink.write(again)).toEqual([]);
  expect(await contents()).toEqual(before);
});

test('within one write, a lost response is retried', async () => {
  const { sink, count, clear } = made;
  await clear();
  const writes = store.writes.length;
  store.set('after', 1);
  expect(await sink.write(lotOf(sink, [{ event: eventOf('1') }]))).toEqual([]);
  expect([await count(), store.writes.length - writes]).toEqual([1, 2]);
});

test('a store that refuses four consecutive requests fails no batch', async () => {
  const { sink, count, clear } = made;
  await clear();
  store.set('before', 4);
  expect(await sink.write(lotOf(sink, [{ event: eventOf('1') }]))).toEqual([]);
  expect(await count()).toBe(1);
});

test('any other error fails the lot', async () => {
  const down = await loopback(() => ({ status: 403, body: '<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>' }));
  process.env.AWS_ENDPOINT_URL_S3 = down;
  const sink = s3Sink({ name: 'STORE', processor: 'press' });
  await expect(sink.write(lotOf(sink, [{ event: eventOf('1') }]))).rejects.toThrow('Access Denied');
});
