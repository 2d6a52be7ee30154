import { s3Sink } from '../../../../aws/runtime/sinks/s3';
import { CLIENT_ENVIRONMENT, s3 } from '../../../support/aws-stand-ins';
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
    'PUT /my-bucket/events/year=2026/month=01/day=31/hour=08/shardId-000000000000-1000-1002-press.ndjson':
      '{"id":"1"}\n{"line":"a\\nb","large":12345678901234567890123}\n',
  });
});
