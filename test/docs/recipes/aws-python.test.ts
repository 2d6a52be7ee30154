import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { findRecipes, templateOf } from '../../../scripts/recipes';
import { CLIENT_ENVIRONMENT, deadLetterQueue, type SentMessage, s3 } from '../../support/aws-stand-ins';
import { kinesisRecord } from '../../support/lambda-events';

const root = path.join(__dirname, '../../..');
const folder = path.join(root, 'docs/recipes/aws-python');

/** The Python of the judges, where it was installed, or that of the machine, if it has boto3. */
const python = [path.join(root, '.judges/requirements/bin/python3'), 'python3'].find(
  (command) => (existsSync(command) || !path.isAbsolute(command)) && spawnSync(command, ['-c', 'import boto3']).status === 0,
);
const withPython = python === undefined ? describe.skip : describe;

/** Calls the handler as Lambda does, and writes its answer. */
const SCRIPT = 'import json, sys, index; print(json.dumps(index.handler(json.load(sys.stdin), None)))';

const heated = (id: string, data: unknown = { celsius: 180 }) =>
  JSON.stringify({ specversion: '1.0', id, source: '/press', type: 'com.example.press.heated', time: '2026-01-31T08:30:00Z', data });
const row = '{"press": "/press", "time": "2026-01-31T08:30:00Z", "kelvin": 453.15}\n';

test('the template runs it in the language that it is written in, with the settings that it reads', () => {
  const recipe = findRecipes().find(({ name }) => name === 'aws-python')!;
  const [fn] = Object.values<any>(templateOf(recipe).Resources).filter(({ Type }) => Type === 'AWS::Lambda::Function');
  expect(fn.Properties).toMatchObject({ Handler: 'index.handler', Runtime: 'python3.14' });
  expect(Object.keys(fn.Properties.Environment.Variables)).toEqual(['PROCESSOR', 'STORE_BUCKET', 'STORE_PREFIX', 'DEAD_LETTER_QUEUE_URL']);
});

withPython(`the handler in Python${python === undefined ? ' (not run: no python3 with boto3)' : ''}`, () => {
  async function call(payloads: readonly (string | Buffer)[], refuses?: (message: SentMessage) => boolean, store = s3()) {
    const [bucket, queue] = await Promise.all([store, deadLetterQueue(refuses)]);
    const Records = payloads.map((payload, place) => kinesisRecord(Buffer.from(payload), place));
    const settings = {
      PROCESSOR: 'press.processing',
      STORE_BUCKET: bucket.settings.BUCKET,
      STORE_PREFIX: bucket.settings.PREFIX,
      DEAD_LETTER_QUEUE_URL: queue.url,
    };
    const regional = { ...CLIENT_ENVIRONMENT, AWS_DEFAULT_REGION: CLIENT_ENVIRONMENT.AWS_REGION, PYTHONDONTWRITEBYTECODE: '1' };
    const env = { PATH: process.env.PATH, ...regional, ...bucket.environment, ...queue.environment, ...settings };
    const child = spawn(python!, ['-c', SCRIPT], { cwd: folder, env });
    child.stdin.end(JSON.stringify({ Records }));
    const [stdout, stderr] = await Promise.all(
      [child.stdout, child.stderr].map(async (stream) => Buffer.concat(await stream.toArray()).toString()),
    );
    if (!stdout) throw new Error(stderr);
    const letters = queue.messages.map(({ MessageBody }) => JSON.parse(MessageBody));
    return { answer: JSON.parse(stdout), Records, bucket, letters, messages: queue.messages };
  }
  const failed = ({ Records }: { Records: readonly { kinesis: { sequenceNumber: string } }[] }) => ({
    batchItemFailures: [{ itemIdentifier: Records[0]!.kinesis.sequenceNumber }],
  });

  test('good events land in one object, dropped ones nowhere, and what can never work in the dead letter, with its place', async () => {
    const dropped = heated('2').replace('heated', 'opened');
    const poison: [string | Buffer, string][] = [
      ['poison', 'JSONDecodeError: Expecting value'],
      [heated('3', {}), 'PermanentError: a press without a temperature'],
      ['{"specversion":"1.0"}', 'ValueError: an event is an object with the texts specversion, id, source, type, time'],
      [heated('4').replace('180', '180.12345678901234567'), 'ValueError: the number 180.1234567890123456 has more digits'],
      [heated('5').replace('180', 'NaN'), 'ValueError: NaN is no JSON'],
      [heated('6').replace('{"celsius', '{"celsius":1,"celsius'), 'ValueError: a name occurs twice in an object'],
      [heated('7').replace('/press', '\\ud800'), 'UnicodeEncodeError'],
      [Buffer.from([0xff]), 'UnicodeDecodeError'],
    ];
    const { answer, bucket, letters, Records } = await call([heated('1'), dropped, ...poison.map(([payload]) => payload), heated('8')]);
    expect(answer).toEqual({ batchItemFailures: [] });
    const [first, last] = [Records[0]!, Records.at(-1)!].map(({ kinesis }) => kinesis.sequenceNumber);
    expect(Object.entries(bucket.objects)).toEqual([
      [
        expect.stringMatching(
          new RegExp(
            `^PUT /my-bucket/events/year=2026/month=01/day=31/hour=08/shardId-0+-${first}-${last}-[0-9a-f]{8}-press\\.processing\\.ndjson\\.gz$`,
          ),
        ),
        row + row,
      ],
    ]);
    expect(letters.map(({ payload, encoding }) => Buffer.from(payload, encoding === 'base64' ? 'base64' : 'utf8'))).toEqual(
      poison.map(([payload]) => Buffer.from(payload)),
    );
    poison.forEach(([, reason], index) => {
      expect(letters[index].reason.slice(0, reason.length)).toBe(reason);
    });
    const { eventSourceARN: stream, kinesis } = Records[2]!;
    expect(letters[0].position).toEqual({ stream, shard: 'shardId-000000000000', sequenceNumber: kinesis.sequenceNumber });
  });

  test('while the store is down the batch comes again as it was, and a retry stores nothing twice', async () => {
    const bucket = await s3();
    bucket.set('before');
    const down = await call([heated('1'), 'poison'], undefined, Promise.resolve(bucket));
    expect([down.answer, down.letters]).toEqual([failed(down), []]);
    // The store has the object, and its answer gets lost: the client tries again, and is told that it is there.
    bucket.set('after', 1);
    const again = await call([heated('1'), 'poison'], undefined, Promise.resolve(bucket));
    expect([again.answer, again.letters.length]).toEqual([{ batchItemFailures: [] }, 1]);
    expect(Object.values(bucket.objects)).toEqual([row]);
    expect([...new Set(bucket.writes.map((headers) => headers['if-none-match']))]).toEqual(['*']);
  });

  test('a dead letter that the queue does not take brings the batch again', async () => {
    const refused = await call([heated('1'), 'poison'], () => true);
    expect(refused.answer).toEqual(failed(refused));
  });

  test('a dead letter that is larger than a message goes in parts, and many of them go together', async () => {
    const large = 'ü'.repeat(300_000);
    const { letters, messages, answer } = await call([large, ...Array.from({ length: 12 }, () => 'poison')]);
    expect(answer).toEqual({ batchItemFailures: [] });
    const parts = letters.filter(({ parts }) => parts);
    expect(parts.map(({ part, parts }) => [part, parts])).toEqual([1, 2, 3, 4].map((part) => [part, 4]));
    expect(Buffer.from(parts.map(({ payload }) => payload).join(''), 'base64').toString()).toBe(large);
    expect([messages.length, new Set(messages.map(({ call: number }) => number)).size]).toEqual([16, 5]);
  });
});
