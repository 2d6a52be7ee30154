import { readAws } from '../../../aws/blueprint';
import { corpus, type Sample, take, UNSTORABLE } from '../../../corpus';
import { FAULTS, type Fault } from '../../../faults';
import type { Message } from '../../../story';
import { asItCame } from '../../stand-in-platform';
import { runOnce } from '../../support';
import { queueAssembly } from './queue-platform';

const event = (id: string, more: object = {}): Sample => ({
  kind: id,
  body: Buffer.from(JSON.stringify({ specversion: '1.0', id, source: '/s', type: 't', time: '2026-01-31T08:30:00Z', ...more })),
});
const run = (samples: readonly Sample[], { fault, folder = queueAssembly() }: { fault?: Fault; folder?: string } = {}) =>
  runOnce({ make: asItCame, cloud: 'aws', folder, samples, fault, pace: 2000 });

/** The number of records in each call, from the log of the function. */
const callsIn = (messages: readonly Message[]): number[] =>
  messages.flatMap((message) => (message.kind === 'log' ? [JSON.parse(message.line).message.records as number] : []));

test('no property of a queue before a function is refused', async () => {
  const { coverage, overrides } = await readAws(queueAssembly());
  expect(coverage.filter(({ treatment }) => treatment === 'refused' || treatment === 'not run here')).toEqual([]);
  expect(overrides).toContain('AWS_ENDPOINT_URL_SQS = the stand-in');
});

test('events arrive in batches with all digits, and a body that is not an event is in the dead letter', async () => {
  const odd = event('odd', { data: 'Zoë & "co" = 50 % + 1 \u{1F680}' });
  const { balance, messages } = await run([event('1'), odd, { kind: 'no event', body: Buffer.from('no event') }, event('2')]);
  expect(balance).toMatchObject({ accepted: 4, stored: 3, deadLettered: { SyntaxError: 1 }, faults: [] });
  expect(Math.max(...callsIn(messages))).toBeGreaterThan(1);
});

test('an event that the queue refuses is rejected with the status of the template', async () => {
  const { balance } = await run([{ kind: 'control character', body: Buffer.from('{"a":"\u0001"}') }]);
  expect(balance.rejected).toEqual({ '413 The event was not accepted.': 1 });
});

test('a message that the store always refuses is delivered three times, and the others once; then it is in the dead letter unchanged', async () => {
  const { balance, messages } = await run([event('a'), event(UNSTORABLE), event('b')], { fault: 'poison' });
  expect(balance).toMatchObject({ stored: 2, deadLettered: { 'received 3 times, and never processed': 1 }, faults: [] });
  const ways = messages.flatMap((message) => (message.kind === 'way' ? [message] : []));
  expect(ways.find(({ end }) => end === 'dead letter')!.way.filter((step) => step === 'again')).toHaveLength(3);
});

test.each(Object.keys(FAULTS) as Fault[])('nothing is lost under %s', async (fault) => {
  const samples = [...take(corpus({ twiceIn: 20, malformedIn: 6, unstorableIn: fault === 'poison' ? 80 : undefined }), 160)];
  // A process that ends counts as a try for every message of its batch, also stored ones, so there are as many tries as with
  // `SqsBuffer`. There is no message that the store always refuses, because it would use all of them.
  const folder = queueAssembly(({ Queue }) => {
    Queue.Properties.RedrivePolicy.maxReceiveCount = fault === 'poison' ? 11 : 86_400 / Queue.Properties.VisibilityTimeout;
  });
  const { balance } = await run(samples, { fault, folder });
  expect(balance.faults).toEqual([]);
  expect(balance.stored).toBeGreaterThan(0);
});

describe('a change of the template has an effect:', () => {
  test('batches have the configured size', async () => {
    const folder = queueAssembly(({ Mapping }) => {
      Mapping.Properties.BatchSize = 1;
    });
    const { messages } = await run([event('1'), event('2'), event('3')], { folder });
    expect(callsIn(messages)).toEqual([1, 1, 1]);
  });

  test('without ReportBatchItemFailures, records that the store refuses count as successful and are lost', async () => {
    const folder = queueAssembly(({ Mapping }) => {
      delete Mapping.Properties.FunctionResponseTypes;
    });
    const { balance } = await run([event(UNSTORABLE)], { fault: 'poison', folder });
    expect(balance.faults).toEqual([expect.stringContaining('accepted, and neither in the store nor in the dead letter')]);
  });

  test.each<[string, (resources: any) => void, string]>([
    [
      'a form without the version of the API',
      ({ Post }) => {
        Post.Properties.Integration.RequestTemplates['application/json']['Fn::Join'][1][0] = 'Action=SendMessage&QueueUrl=';
      },
      'answered 500 at each of 4 tries',
    ],
    [
      'a dead letter of another stack',
      ({ Queue }) => {
        Queue.Properties.RedrivePolicy.deadLetterTargetArn = 'arn:aws:sqs:eu-west-1:000000000000:other';
      },
      'Queue.RedrivePolicy.deadLetterTargetArn: it must be arn:',
    ],
    [
      'retries of a stream',
      ({ Mapping }) => {
        Mapping.Properties.MaximumRetryAttempts = 3;
      },
      'Mapping.MaximumRetryAttempts: it is for streams only: a queue has a redrive policy. Leave it out.',
    ],
    [
      'two readers',
      (resources) => {
        resources.Second = structuredClone(resources.Mapping);
      },
      'Second: another mapping reads queue-Queue, and a queue has one reader.',
    ],
  ])('with %s nothing is taken', async (_, edit, why) => {
    await expect(run([event('1')], { folder: queueAssembly(edit) })).rejects.toThrow(why);
  });
});
