import fc from 'fast-check';
import { type Ask, withPredictions } from '../../../../aws/runtime/sinks/predictions';
import { kinesisSource } from '../../../../aws/runtime/sources/kinesis';
import { sqsSource } from '../../../../aws/runtime/sources/sqs';
import { PermanentError } from '../../../../shared/runtime/event';
import { stringify } from '../../../../shared/runtime/json';
import type { Lot, Sink } from '../../../../shared/runtime/sink';
import type { DeadLetter } from '../../../../shared/runtime/verdict';
import type { Fault } from '../../../support/faults';
import { CONTEXT, kinesisRecord, sqsRecord } from '../../../support/lambda-events';
import { bytesOf, eventOf } from '../../../support/settling';

beforeEach(() => {
  jest.spyOn(console, 'info').mockImplementation();
  jest.spyOn(console, 'error').mockImplementation();
});

/** A store that keeps the first object of each name, as S3 does. */
function firstOfEachName(fault: () => Fault) {
  const objects = new Map<string, readonly string[]>();
  const sink: Sink<string> = {
    encode: stringify,
    async write({ name, made }) {
      const now = fault();
      await Promise.resolve();
      if (now === 'before') throw new Error('the store is down');
      const rows = made.map(({ stored }) => stored);
      if (!objects.has(name)) objects.set(name, rows);
      if (now === 'after') throw new Error('the answer got lost');
      return [];
    },
  };
  return { objects, sink };
}

/** What a model does with one event at one try. */
type Mood = 'predicts' | 'refuses' | 'is down';

/**
 * Delivers all events of a batch until it is settled, and says where each event is.
 * @param moodOf what the model does with an event at a try
 */
async function settle(
  source: 'kinesis' | 'sqs',
  events: number,
  moodOf: (event: number, attempt: number) => Mood,
  planned: readonly Fault[],
  rows = 1,
) {
  const left = [...planned];
  const fault = () => left.shift() ?? 'none';
  const { objects, sink } = firstOfEachName(fault);
  const letters: DeadLetter[] = [];
  let attempt = 0;
  const ask: Ask = async (row) => {
    await Promise.resolve();
    const { id } = JSON.parse(row) as { id: string };
    const mood = moodOf(Number(id), attempt);
    if (mood === 'is down') throw new Error('the model is down');
    if (mood === 'refuses') throw new PermanentError('the model refused the row');
    return `{"attempt":${attempt}}`;
  };
  const deadLetter = async (sent: readonly DeadLetter[]) => {
    for (const letter of sent) {
      const now = fault();
      if (now !== 'before') letters.push(letter);
      if (now !== 'none') throw new Error('the dead letter is down');
    }
  };
  const transform = ({ id }: { id: string }) => Array.from({ length: rows }, (_, part) => ({ id, part }));
  const props = { transform, sink: withPredictions(sink, ask, 5), deadLetter };
  const bodies = Array.from({ length: events }, (_, id) => bytesOf(eventOf(`${id}`)));
  const toKinesis = kinesisSource(props);
  const toSqs = sqsSource(props);
  let messages = bodies.map((body, place) => sqsRecord(body.toString(), place));
  for (let open = events > 0; open; attempt++) {
    if (source === 'kinesis') {
      const Records = bodies.map((body, place) => kinesisRecord(body, place));
      open = (await toKinesis({ Records }, CONTEXT)).batchItemFailures.length > 0;
    } else {
      const { batchItemFailures } = await toSqs({ Records: messages }, CONTEXT);
      const failed = new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
      messages = messages.filter(({ messageId }) => failed.has(messageId));
      open = messages.length > 0;
    }
    if (attempt > 50) throw new Error('it is never settled');
  }
  const stored = [...objects.values()].flat().map((row): { id: string; prediction?: unknown } => JSON.parse(row));
  const dead = (id: string) =>
    new Set(letters.filter(({ payload }) => JSON.parse(payload).id === id).map((one) => JSON.stringify(one))).size;
  return {
    objects,
    predicted: stored.every(({ prediction }) => prediction !== undefined),
    ends: bodies.map((_, id) => ({ stored: stored.filter((row) => row.id === `${id}`).length, dead: dead(`${id}`) })),
  };
}

const faults = fc.array(fc.constantFrom<Fault>('none', 'before', 'after'), { maxLength: 6 });
const events = fc.integer({ min: 0, max: 12 });
/** For each event what the model does, and at how many tries it is down before. */
const models = fc.array(fc.record({ refuses: fc.boolean(), down: fc.nat(3) }), { minLength: 12, maxLength: 12 });

describe.each(['kinesis', 'sqs'] as const)('from %s', (source) => {
  test('each event ends exactly once, if the model decides the same at each try, whatever fails in between', () =>
    fc.assert(
      fc.asyncProperty(events, models, faults, fc.integer({ min: 1, max: 3 }), async (count, model, planned, rows) => {
        const moodOf = (event: number, attempt: number): Mood => {
          const { refuses, down } = model[event]!;
          return attempt < down ? 'is down' : refuses ? 'refuses' : 'predicts';
        };
        const { ends, predicted } = await settle(source, count, moodOf, planned, rows);
        const wanted = model.slice(0, count).map(({ refuses }) => (refuses ? { stored: 0, dead: 1 } : { stored: rows, dead: 0 }));
        expect([ends, predicted]).toEqual([wanted, true]);
      }),
      { numRuns: 50 },
    ));

  test('no event is lost, and no object is overwritten, if the model is replaced by one that decides otherwise', () =>
    fc.assert(
      fc.asyncProperty(
        events,
        fc.array(fc.array(fc.constantFrom<Mood>('predicts', 'refuses'), { minLength: 12, maxLength: 12 }), { minLength: 1, maxLength: 8 }),
        faults,
        async (count, replaced, planned) => {
          const moodOf = (event: number, attempt: number) => replaced[Math.min(attempt, replaced.length - 1)]![event]!;
          const { ends, predicted } = await settle(source, count, moodOf, planned);
          expect([ends.filter(({ stored, dead }) => stored + dead === 0), predicted]).toEqual([[], true]);
          // One message is one object, so a row is never stored twice.
          if (source === 'sqs') expect(ends.filter(({ stored }) => stored > 1)).toEqual([]);
        },
      ),
    ));
});

/** The names under which lots of three records are stored, by which of them the model refuses. */
async function namesOf(...refused: number[][]) {
  const { objects, sink } = firstOfEachName(() => 'none');
  const made = [0, 1, 2].map((id) => ({
    stored: `{"id":${id}}`,
    record: { bytes: Buffer.from(''), arrived: new Date(0), position: { id } },
  }));
  const lot: Lot<string> = { name: 'lot', arrived: new Date(0), made };
  for (const ids of refused) {
    const ask: Ask = async (row) => {
      if (ids.includes(JSON.parse(row).id)) throw new PermanentError('no');
      return '1';
    };
    await withPredictions(sink, ask, 5).write(lot);
  }
  return [...objects.keys()];
}

test('a lot that is stored as a whole keeps its name, and a part of it has one of its own', async () => {
  const [whole, ...parts] = await namesOf([], [0], [1], [0], [0, 1, 2]);
  expect(whole).toBe('lot');
  expect(parts).toEqual([expect.stringMatching(/^lot-[0-9a-f]{8}$/), expect.stringMatching(/^lot-[0-9a-f]{8}$/)]);
  expect(new Set(parts).size).toBe(2);
});

test('the model is not asked once the time of the call is over', async () => {
  const ask = jest.fn(async () => '1');
  const { sink } = firstOfEachName(() => 'none');
  const made = [{ stored: '{}', record: { bytes: Buffer.from(''), arrived: new Date(0), position: {} } }];
  const write = withPredictions(sink, ask, 5).write({ name: 'lot', arrived: new Date(0), made }, AbortSignal.abort());
  await expect(write).rejects.toThrow('aborted');
  expect(ask).not.toHaveBeenCalled();
});
