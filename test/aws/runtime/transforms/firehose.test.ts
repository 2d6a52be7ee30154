import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import type { FirehoseTransformationResult } from 'aws-lambda';
import fc from 'fast-check';
import { type TransformRecordsProps, transformRecords } from '../../../../aws/runtime/transforms/firehose/records';
import { handlerCode } from '../../../support/bundled';
import { anEvent } from '../../../support/events';
import { temporaryFolder } from '../../../support/folder';
import { bytesOf, eventOf } from '../../../support/settling';

const FOLDER = 'aws/runtime/transforms/firehose';
const record = (bytes: Buffer, index = 0) => ({ recordId: String(index), approximateArrivalTimestamp: 0, data: bytes.toString('base64') });
const records = (...payloads: readonly Buffer[]) => ({ records: payloads.map(record) });
const textOf = (data = '') => Buffer.from(data, 'base64').toString();

let printed: jest.SpyInstance;
beforeEach(() => {
  jest.spyOn(console, 'info').mockImplementation();
  jest.spyOn(console, 'error').mockImplementation();
  printed = jest.spyOn(fs, 'writeSync').mockReturnValue(0);
});
afterEach(() => jest.restoreAllMocks());

const run = (
  payloads: readonly Buffer[],
  { transform = (event) => event, asText = false, oneRow = false }: Partial<TransformRecordsProps> = {},
) => transformRecords({ transform, asText, oneRow })(records(...payloads));

test('an event of the contract passes as it was sent, any other record is failed with its bytes', async () => {
  const good = bytesOf(eventOf('1', { data: { amount: 12 } }));
  const bad = [Buffer.from('poison'), Buffer.from([0xff, 0xfe]), bytesOf({ id: '1' })];
  const { records: outcomes } = await run([good, ...bad]);
  expect(outcomes.map(({ result }) => result)).toEqual(['Ok', 'ProcessingFailed', 'ProcessingFailed', 'ProcessingFailed']);
  expect(outcomes.map(({ data }) => data)).toEqual([good, ...bad].map((bytes) => bytes.toString('base64')));
});

test('a record of several lines becomes one line', async () => {
  const { records: outcomes } = await run([Buffer.from(JSON.stringify(eventOf('1'), null, 2))]);
  expect(textOf(outcomes[0]!.data)).toBe(JSON.stringify(eventOf('1')));
});

test('an event of several rows has several lines, or for a table several objects, and one without rows is dropped', async () => {
  const rowsOf = (count: number) => run([bytesOf(eventOf('1'))], { transform: () => Array.from({ length: count }, (_, n) => ({ n })) });
  expect((await rowsOf(2)).records.map(({ result, data }) => [result, textOf(data)])).toEqual([['Ok', '{"n":0}\n{"n":1}']]);
  const inTable = await run([bytesOf(eventOf('1'))], { transform: () => [{ n: 'a' }, { n: 'b' }], asText: true });
  expect(textOf(inTable.records[0]!.data)).toBe('{"n":"a"}{"n":"b"}');
  expect((await rowsOf(0)).records.map(({ result }) => result)).toEqual(['Dropped']);
});

test('an event of several rows is failed where a record has one partition', async () => {
  const transform = () => [{ n: 1 }, { n: 2 }];
  const { records: outcomes } = await run([bytesOf(eventOf('1'))], { transform, oneRow: true });
  expect(outcomes.map(({ result }) => result)).toEqual(['ProcessingFailed']);
});

test('for a table, each value that is not text becomes its JSON text, with all its digits', async () => {
  const sent = Buffer.from(
    '{"specversion":"1.0","id":"1","source":"/a","type":"b","time":"2026-01-31T08:29:59Z","data":{"Amount":12345678901234567890.5},"level":3}',
  );
  const { records: outcomes } = await run([sent], { asText: true });
  expect(JSON.parse(textOf(outcomes[0]!.data))).toMatchObject({ id: '1', data: '{"Amount":12345678901234567890.5}', level: '3' });
});

test('the number of failed records is a metric in the log, and the reason stands beside it', async () => {
  process.env.AWS_LAMBDA_FUNCTION_NAME = 'transform';
  await run([Buffer.from('poison'), bytesOf(eventOf('1')), Buffer.from('poison')]);
  const [[file, line]] = printed.mock.calls as [[number, string]];
  const { _aws, ...values } = JSON.parse(line);
  expect([file, values]).toEqual([1, { FunctionName: 'transform', FailedRecords: 2 }]);
  expect(_aws.CloudWatchMetrics).toEqual([
    { Namespace: 'FirehoseTransform', Dimensions: [['FunctionName']], Metrics: [{ Name: 'FailedRecords', Unit: 'Count' }] },
  ]);
  expect(console.error).toHaveBeenCalledWith(expect.objectContaining({ recordId: '0', reason: expect.stringContaining('SyntaxError') }));
});

test('without failed records, nothing is added to the metric', async () => {
  await run([bytesOf(eventOf('1'))]);
  expect(printed).not.toHaveBeenCalled();
});

test('rows that are larger than the response of a function may be fail their own record, and no other', async () => {
  const transform = ({ id }: { id: string }) => ({ id, text: 'x'.repeat(id === 'large' ? 4_500_000 : 1) });
  const { records: outcomes } = await run([bytesOf(eventOf('1')), bytesOf(eventOf('large')), bytesOf(eventOf('2'))], { transform });
  expect(outcomes.map(({ result }) => result)).toEqual(['Ok', 'ProcessingFailed', 'Ok']);
  const full = await run(
    Array.from({ length: 12 }, (_, n) => bytesOf(eventOf(`${n}`))),
    {
      transform: ({ id }) => ({ id, text: 'x'.repeat(500_000) }),
    },
  );
  expect(Buffer.byteLength(JSON.stringify(full))).toBeLessThan(6_000_000);
  expect(full.records.filter(({ result }) => result === 'Ok').length).toBeGreaterThan(5);
});

test('whatever comes, each record is returned once, in order; what passes is one line, and for a table all its values are text', async () => {
  const sent = fc.oneof(
    { weight: 3, arbitrary: anEvent.map(bytesOf) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 30 }).map((bytes) => Buffer.from(bytes)) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(sent, { maxLength: 8 }), fc.boolean(), async (payloads, asText) => {
      const { records: outcomes } = await run(payloads, { asText });
      expect(outcomes.map(({ recordId }) => recordId)).toEqual(payloads.map((_, index) => String(index)));
      for (const [index, { result, data }] of outcomes.entries()) {
        if (result !== 'Ok') {
          expect([result, data]).toEqual(['ProcessingFailed', payloads[index]!.toString('base64')]);
          continue;
        }
        const line = textOf(data);
        const [row, event] = [JSON.parse(line), JSON.parse(payloads[index]!.toString())];
        expect(line).not.toMatch(/[\r\n]/);
        const read = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));
        const texts = Object.fromEntries(Object.entries(event).map(([name, value]) => [name, value === null ? null : read(value)]));
        const { data: value = null, ...others } = asText ? texts : event;
        expect(row).toMatchObject(
          asText && typeof event.data === 'object' ? others : { ...others, ...('data' in event && { data: value }) },
        );
      }
    }),
  );
});

describe('the bundle, in a process of its own', () => {
  const folder = temporaryFolder();
  fs.writeFileSync(path.join(folder, 'index.js'), handlerCode(FOLDER));
  const script = `const { handler } = require('./index.js'); handler(JSON.parse(require('fs').readFileSync(0))).then((answer) => console.log(JSON.stringify(answer)));`;

  async function call(env: Readonly<Record<string, string>>, event: object): Promise<{ stdout: string; stderr: string }> {
    const child = spawn(process.execPath, ['-e', script], { cwd: folder, env });
    child.stdin.on('error', () => {}).end(JSON.stringify(event));
    const [stdout, stderr] = await Promise.all(
      [child.stdout, child.stderr].map(async (stream) => Buffer.concat(await stream.toArray()).toString()),
    );
    return { stdout: stdout!, stderr: stderr! };
  }

  test('passes a good event, fails a bad one, and prints the metric in a line of its own', async () => {
    const settings = { AS_TEXT: 'yes', ONE_ROW: 'no', AWS_LAMBDA_FUNCTION_NAME: 'transform' };
    const { stdout } = await call(settings, records(bytesOf(eventOf('1', { data: { a: 1 } })), Buffer.from('poison')));
    const lines = stdout.trim().split('\n');
    const answer = JSON.parse(lines.at(-1)!) as FirehoseTransformationResult;
    expect(answer.records.map(({ result }) => result)).toEqual(['Ok', 'ProcessingFailed']);
    expect(JSON.parse(textOf(answer.records[0]!.data)).data).toBe('{"a":1}');
    expect(lines.some((line) => line.startsWith('{"_aws":'))).toBe(true);
  });

  test('does not start without one of its settings', async () => {
    const { stderr } = await call({ AS_TEXT: 'yes' }, records());
    expect(stderr).toContain('Error: The setting ONE_ROW is missing.');
  });
});
