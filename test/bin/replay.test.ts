import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { ContainerClient } from '@azure/storage-blob';
import { sendRequest } from '../../azure/buffer/service-bus/send-request';
import { sendRequest as sendToStorage } from '../../azure/buffer/storage-queue/send-request';
import { sendRequest as sendToHub } from '../../azure/connect/event-hub/send-request';
import { awsPlaces } from '../../bin/replay/aws';
import { azureDeadLetter, azurePlaces } from '../../bin/replay/azure';
import { bufferOf, postingTo } from '../../bin/replay/azure-buffer';
import { replayCommand } from '../../bin/replay/command';
import { gcpPlaces, hostOf } from '../../bin/replay/gcp';
import { Journal } from '../../bin/replay/journal';
import type { DeadLetter, Letter } from '../../bin/replay/letter';
import { outputsIn } from '../../bin/replay/outputs';
import { replay, type Wish } from '../../bin/replay/run';
import { scripts } from '../../package.json';
import { temporaryFolder } from '../support/folder';

const run = (...words: readonly string[]) => replayCommand(words, { print: () => {} });

test('--help says what can be asked, and where nothing is done without --yes', async () => {
  const printed: string[] = [];
  expect(await replayCommand(['--help'], { print: (text) => printed.push(text) })).toBe(0);
  for (const word of ['--yes', '--reason', '--since', '--until', '--limit', '--outputs', '--dead-letter', '--to', '--state', 'Exit codes'])
    expect(printed.join()).toContain(word);
  expect(scripts.replay).toContain('bin/replay.ts');
});

test.each<[string, string[], string]>([
  ['no cloud', [], 'Name one cloud (aws, azure, gcp), got ""'],
  ['another cloud', ['ibm'], 'Name one cloud (aws, azure, gcp), got "ibm"'],
  ['two clouds', ['aws', 'gcp'], 'Name one cloud (aws, azure, gcp), got "aws gcp"'],
  ['an option that it does not know', ['aws', '--all'], "Unknown option '--all'"],
  [
    'a time that is none',
    ['aws', '--since', 'yesterday'],
    '--since must be a time such as 2026-01-31 or 2026-01-31T08:30:00Z, got "yesterday"',
  ],
  [
    'a day that is none',
    ['aws', '--until', '2026-13-01'],
    '--until must be a time such as 2026-01-31 or 2026-01-31T08:30:00Z, got "2026-13-01"',
  ],
  ['a limit that is none', ['aws', '--limit', '0'], '--limit must be a whole number from 1 to 999999999, got "0"'],
])('%s is one line', async (_, words, line) => {
  await expect(run(...words)).rejects.toThrow(new Error(`${line}. See npm run replay -- --help.`));
});

test.each<[string, string[], RegExp]>([
  [
    'a place that is none on AWS',
    ['aws', '--dead-letter', 'queue'],
    /^--dead-letter must be the URL of a queue or s3:\/\/BUCKET\/PREFIX on AWS, got "queue"\.$/,
  ],
  [
    'outputs that are not there',
    ['gcp', '--outputs', 'nowhere.json'],
    /^--outputs must be a file with the outputs of the stack in JSON, got "\/typed\/in\/nowhere.json": ENOENT/,
  ],
  [
    'a stack that was not applied',
    ['azure', '--stack', 'nobody'],
    /^There are no outputs of nobody: .* does not exist\. Use --outputs FILE with a file written/,
  ],
])('%s is one line', async (_, words, line) => {
  // npm runs the command in the folder of its package, wherever it was typed in.
  process.env.INIT_CWD = '/typed/in';
  await expect(run(...words)).rejects.toThrow(line);
});

test('a region that nobody set is one line, with what to set', async () => {
  for (const name of ['AWS_REGION', 'AWS_DEFAULT_REGION', 'AWS_PROFILE']) delete process.env[name];
  Object.assign(process.env, { AWS_CONFIG_FILE: '/dev/null', AWS_SHARED_CREDENTIALS_FILE: '/dev/null' });
  await expect(run('aws')).rejects.toThrow(
    'No region is set, so aws-pipeline cannot be found. Set AWS_REGION, or a region in the profile.',
  );
});

test('outputs without a dead letter are one line', async () => {
  const file = path.join(temporaryFolder(), 'outputs.json');
  writeFileSync(file, '{}');
  await expect(run('azure', '--outputs', file)).rejects.toThrow(
    'The outputs of azure-pipeline contain no dead letter. Set it with --dead-letter.',
  );
});

test('outputs are read as CDK, CloudFormation and Terraform write them', () => {
  const file = path.join(temporaryFolder(), 'outputs.json');
  const read = (json: unknown) => {
    writeFileSync(file, JSON.stringify(json));
    return outputsIn(file, 'my-stack');
  };
  expect(read({ 'my-stack': { Url: 'a' } })).toEqual({ Url: 'a' });
  expect(read({ Stacks: [{ StackName: 'my-stack', Outputs: [{ OutputKey: 'Url', OutputValue: 'a' }] }] })).toEqual({ Url: 'a' });
  expect(read({ url: { sensitive: false, type: 'string', value: 'a' } })).toEqual({ url: 'a' });
});

test('the commands among the outputs say where the dead letter is, and where events go', () => {
  const queue = 'https://sqs.eu-west-1.amazonaws.com/123456789012/dead';
  expect(
    awsPlaces({
      DeadLettersCommand: `aws sqs receive-message --queue-url ${queue}`,
      GivenUpCommand: 'aws s3 ls --recursive s3://given-up/',
    }),
  ).toEqual({
    deadLetters: [queue, 's3://given-up/'],
  });
  expect(
    azurePlaces({
      dead_letters_command: 'az storage blob list --account-name acme --container-name dead',
      events_url: 'https://a/b/messages',
    }),
  ).toEqual({ deadLetters: ['https://acme.blob.core.windows.net/dead'], otherwise: 'https://a/b/messages' });
  expect(
    gcpPlaces({
      dead_letters_command: 'gcloud pubsub subscriptions pull projects/p/subscriptions/s --limit=10',
      events_url: 'https://pubsub.googleapis.com/v1/projects/p/topics/t:publish',
    }),
  ).toEqual({ deadLetters: ['projects/p/subscriptions/s'], to: 'https://pubsub.googleapis.com/v1/projects/p/topics/t' });
});

test('on GCP, a buffer that takes calls in its region alone is replayed there', () => {
  const topic = 'projects/p/topics/t';
  expect(hostOf(topic)).toBe('https://pubsub.googleapis.com');
  expect(hostOf(`https://europe-west1-pubsub.googleapis.com/v1/${topic}`)).toBe('https://europe-west1-pubsub.googleapis.com');
  expect(hostOf(`https://europe-west1-pubsub.googleapis.com/v1/${topic}`, '127.0.0.1:8085')).toBe('http://127.0.0.1:8085');
});

const written = (position: Readonly<Record<string, string>>) => ({ reason: 'x', position, payload: '{}', encoding: 'text' as const });

test('on Azure an event goes back to where it came from, as that service takes it', () => {
  const event = '{"id":"1","partitionkey":"Ü","data":"<&>"}';
  const back = (position: Readonly<Record<string, string>>) => {
    const buffer = bufferOf(written(position))!;
    return { buffer, ...postingTo(buffer, 'letter 1', Buffer.from(event)) };
  };
  const namespace = 'acme.servicebus.windows.net';
  expect(back({ namespace, hub: 'orders', partition: '3' })).toEqual({
    buffer: `https://${namespace}/orders/messages`,
    scope: 'https://eventhubs.azure.net/.default',
    headers: { 'content-type': 'application/json', brokerproperties: String.raw`{"PartitionKey":"\u00dc"}` },
    body: Buffer.from(event),
  });
  expect(back({ namespace, queue: 'orders', sequenceNumber: '7' })).toMatchObject({
    buffer: `https://${namespace}/orders/messages?api-version=2015-01`,
    scope: 'https://servicebus.azure.net/.default',
    body: Buffer.from(event),
  });
  expect(back({ account: 'acmequeue', queue: 'orders', messageId: '7' })).toMatchObject({
    buffer: 'https://acmequeue.queue.core.windows.net/orders/messages?messagettl=-1',
    scope: 'https://storage.azure.com/.default',
    body: '<QueueMessage><MessageText>{"id":"1","partitionkey":"Ü","data":"&#60;&#38;&#62;"}</MessageText></QueueMessage>',
  });
  expect(bufferOf(written({ database: 'rows' }))).toBeUndefined();
});

test('on Azure several buffers may share a dead letter: each event goes back to its own, and only one without a position to the one in the outputs', async () => {
  const lines = [
    { hub: 'orders', namespace: 'a.servicebus.windows.net', partition: '1', sequenceNumber: '7' },
    { queue: 'created', namespace: 'a-bus.servicebus.windows.net', sequenceNumber: '7', line: 2 },
    { queue: 'created', namespace: 'a-bus.servicebus.windows.net', sequenceNumber: '7', line: 3 },
    {},
  ].map((position) => JSON.stringify({ reason: 'x', position, payload: '{}', encoding: 'text' }));
  const container = {
    url: 'https://acme.blob.core.windows.net/dead',
    async *listBlobsFlat() {
      yield { name: '1.ndjson' };
    },
    getBlobClient: () => ({ getProperties: async () => ({}), downloadToBuffer: async () => Buffer.from(lines.join('\n')) }),
  } as unknown as ContainerClient;
  const lettersTo = async (places: Parameters<typeof azureDeadLetter>[2]) => {
    const letters: Letter[] = [];
    for await (const parcel of azureDeadLetter(container, { getToken: async () => null }, places).parcels())
      letters.push(...parcel.letters);
    expect(new Set(letters.map(({ id }) => id)).size).toBe(lines.length);
    return letters.map(({ to }) => to);
  };
  const queue = 'https://a-bus.servicebus.windows.net/created/messages?api-version=2015-01';
  const hub = 'https://a.servicebus.windows.net/orders/messages';
  expect(await lettersTo({ otherwise: 'https://other' })).toEqual([hub, queue, queue, 'https://other']);
  expect(await lettersTo({ to: 'https://told', otherwise: 'https://other' })).toEqual(Array(4).fill('https://told'));
  expect(await lettersTo({})).toEqual([hub, queue, queue, 'nowhere']);
});

test('a replayed event has another MessageId than its first message: Service Bus would drop it, and its dead letter would be deleted', () => {
  const { url, headers } = sendRequest('acme-events-bus.servicebus.windows.net', 'events');
  const event = '{"source":"/press","id":"1"}';
  const idOf = (id: string) => JSON.parse(postingTo(url, id, Buffer.from(event)).headers.brokerproperties!).MessageId;
  const first = JSON.parse(headers(event).BrokerProperties!).MessageId;
  expect(new Set([first, idOf('letter 1'), idOf('letter 2')]).size).toBe(3);
  expect(idOf('letter 1')).toBe(idOf('letter 1'));
});

test('the addresses that stacks print are recognized as those of their services', () => {
  const scopeOf = (url: string) => postingTo(url, '', Buffer.from('{}')).scope;
  expect(scopeOf(sendRequest('acme-bus.servicebus.windows.net', 'events').url)).toBe('https://servicebus.azure.net/.default');
  expect(scopeOf(sendToStorage('https://acme.queue.core.windows.net/', 'events').url)).toBe('https://storage.azure.com/.default');
  expect(scopeOf(sendToHub('acme.servicebus.windows.net', 'events').url)).toBe('https://eventhubs.azure.net/.default');
});

/** A dead letter in memory, with parcels of letters, whose buffer refuses some. */
function madeUp(...parcels: readonly (readonly string[])[]) {
  const left = new Map(parcels.map((ids, index) => [index, ids]));
  const sent: string[] = [];
  const refused = new Set<string>();
  const calls = { released: 0 };
  let keepsAll = false;
  const letterOf = (id: string, index: number): Letter => ({
    id,
    reason: id.startsWith('x') ? 'Poison' : 'Not stored',
    givenUp: new Date(Date.UTC(2026, 0, 1 + index)),
    to: 'topic',
    send: async () => {
      if (refused.has(id)) throw new Error('too large');
      sent.push(id);
    },
  });
  const deadLetter: DeadLetter = {
    name: 'made up',
    async *parcels() {
      for (const [index, ids] of [...left]) {
        const remove = async () => {
          if (keepsAll) throw new Error('gone away');
          left.delete(index);
        };
        yield { letters: ids.map((id) => letterOf(id, index)), remove };
      }
    },
    release: async () => {
      calls.released += 1;
    },
  };
  const keepAll = (keeps: boolean) => {
    keepsAll = keeps;
  };
  return { deadLetter, sent, refused, calls, keepAll, rest: () => [...left.values()].flat() };
}

const all = (
  deadLetter: DeadLetter,
  wish: Partial<Wish> = {},
  file = path.join(temporaryFolder(), 'journal.txt'),
  stopped = new AbortController().signal,
) => replay(deadLetter, { yes: true, ...wish }, new Journal(file), { stopped });

test('without yes nothing is sent, deleted or remembered, and what would be is told', async () => {
  const { deadLetter, sent, rest, calls } = madeUp(['a', 'b'], ['x']);
  const { reasons, oldest, newest, sent: would } = await all(deadLetter, { yes: false });
  expect([sent, rest(), calls.released]).toEqual([[], ['a', 'b', 'x'], 1]);
  expect([...reasons]).toEqual([
    ['Not stored', 2],
    ['Poison', 1],
  ]);
  expect([would, oldest?.toISOString(), newest?.toISOString()]).toEqual([3, '2026-01-01T00:00:00.000Z', '2026-01-02T00:00:00.000Z']);
});

test('a letter is deleted only when the buffer has it, and what shares its parcel waits for it', async () => {
  const { deadLetter, sent, refused, rest } = madeUp(['a', 'b'], ['c']);
  const file = path.join(temporaryFolder(), 'journal.txt');
  refused.add('b');
  expect(await all(deadLetter, {}, file)).toMatchObject({ sent: 2, deleted: 1, failures: ['b: too large'] });
  expect([sent, rest()]).toEqual([
    ['a', 'c'],
    ['a', 'b'],
  ]);
  refused.clear();
  expect(await all(deadLetter, {}, file)).toMatchObject({ sent: 1, known: 1, deleted: 2, failures: [] });
  expect([sent, rest()]).toEqual([['a', 'c', 'b'], []]);
});

test('a run that ended before it deleted sends nothing twice', async () => {
  const { deadLetter, sent, keepAll, rest } = madeUp(['a'], ['b']);
  const file = path.join(temporaryFolder(), 'journal.txt');
  keepAll(true);
  expect(await all(deadLetter, {}, file)).toMatchObject({
    sent: 2,
    deleted: 0,
    failures: Array(2).fill('sent, and not deleted: gone away'),
  });
  expect(readFileSync(file, 'utf8')).toBe('a\nb\n');
  keepAll(false);
  expect(await all(deadLetter, {}, file)).toMatchObject({ sent: 0, known: 2, deleted: 2 });
  expect([sent, rest()]).toEqual([['a', 'b'], []]);
});

test('letters are chosen by reason, by time and by number, and the others stay', async () => {
  const made = () => madeUp(['a'], ['x'], ['b'], ['c']);
  const left = async (wish: Partial<Wish>) => {
    const { deadLetter, rest } = made();
    await all(deadLetter, wish);
    return rest();
  };
  expect(await left({ reason: 'POIS' })).toEqual(['a', 'b', 'c']);
  expect(await left({ since: new Date('2026-01-03') })).toEqual(['a', 'x']);
  expect(await left({ until: new Date('2026-01-03') })).toEqual(['b', 'c']);
  expect(await left({ limit: 2 })).toEqual(['b', 'c']);
});

test('a buffer that takes nothing ends the run, and one that is stopped begins nothing more', async () => {
  const many = Array.from({ length: 200 }, (_, index) => [`a${index}`]);
  const { deadLetter, refused, rest } = madeUp(...many);
  for (const [id] of many) refused.add(id!);
  expect((await all(deadLetter)).failures.length).toBeLessThan(50);
  expect(rest()).toHaveLength(200);
  const stopped = madeUp(...many);
  expect(await all(stopped.deadLetter, {}, undefined, AbortSignal.abort())).toMatchObject({ sent: 0 });
  expect(stopped.calls.released).toBe(1);
});
