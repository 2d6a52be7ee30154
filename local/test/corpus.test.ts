import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { corpus, cycled, ORDINARY, readEvents, samplesByType, take, UNSTORABLE } from '../corpus';
import { recipeOf } from '../faults';
import { temporaryFolder } from './folder';

const first = (count: number, recipe = ORDINARY) => [...take(corpus(recipe), count)];
const text = ({ body }: { body: Buffer }) => body.toString();

test('is the same at every call', () => {
  expect(first(300).map(text)).toEqual(first(300).map(text));
});

test('a thousand events hold every kind that a handler has to bear', () => {
  const kinds = new Set(first(1000).map(({ kind }) => kind));
  for (const kind of [
    ...['order', 'reading', 'click', 'unicode', 'big integer', 'empty data', 'nested', '256 KiB', 'order, sent twice'],
    ...['missing id', 'missing source', 'missing type', 'missing time', 'missing specversion', 'id of a wrong type', 'time without a zone'],
    ...[
      'unknown specversion',
      'nested extension',
      'bad JSON',
      'not UTF-8',
      'list of events',
      'number out of range',
      'long ago',
      'plain text',
    ],
  ]) {
    expect(kinds).toContain(kind);
  }
});

test('an event that is sent twice is the same to the byte, and every other one has a name of its own', () => {
  const samples = first(600);
  const twice = samples.flatMap((sample, index) => (sample.kind.endsWith('sent twice') ? [[sample, samples[index - 1]!] as const] : []));
  expect(twice).toHaveLength(Math.floor(600 / (ORDINARY.twiceIn + 1)));
  for (const [again, before] of twice) expect(text(again)).toBe(text(before));
  const ids = samples.filter(({ kind }) => !kind.endsWith('sent twice')).flatMap((sample) => /"id":"e-\d+"/.exec(text(sample)) ?? []);
  expect(new Set(ids).size).toBe(ids.length);
});

test('large events hold 256 KiB of data', () => {
  const large = first(1000).find(({ kind }) => kind === '256 KiB')!;
  expect(large.body.length).toBeGreaterThan(255 * 1024);
  expect(large.body.length).toBeLessThan(258 * 1024);
});

test('bad JSON is none, and bytes that are no text are none', () => {
  const samples = first(1000);
  expect(() => JSON.parse(text(samples.find(({ kind }) => kind === 'bad JSON')!))).toThrow(SyntaxError);
  const noText = samples.find(({ kind }) => kind === 'not UTF-8')!.body;
  expect(Buffer.from(noText.toString()).equals(noText)).toBe(false);
});

test('the poison recipe has events that no store takes', () => {
  expect(first(600, recipeOf('poison')).filter((sample) => text(sample).includes(UNSTORABLE)).length).toBeGreaterThan(1);
  expect(first(600).filter((sample) => text(sample).includes(UNSTORABLE))).toEqual([]);
});

describe('a file of events', () => {
  const file = (content: string | Buffer) => {
    const name = path.join(temporaryFolder(), 'events.ndjson');
    writeFileSync(name, content);
    return name;
  };

  test('has one in each line, as it stands, bytes that are no text as well', () => {
    const bytes = Buffer.concat([Buffer.from('{"a":1}\r\n\n'), Buffer.from([0xff, 0x0a]), Buffer.from('last')]);
    expect(readEvents(file(bytes)).map(({ kind, body }) => [kind, body.toString('latin1')])).toEqual([
      ['line 1', '{"a":1}'],
      ['line 2', '\xff'],
      ['line 3', 'last'],
    ]);
  });

  test('must be there, and hold something', () => {
    expect(() => readEvents('nowhere.ndjson')).toThrow(
      '--events must be a file with one event in each line, got "nowhere.ndjson": ENOENT.',
    );
    expect(() => readEvents(file('\n\n'))).toThrow(/^--events must be a file with one event in each line, and ".*" is empty\.$/);
  });
});

test('a list goes round, and what comes again says so', () => {
  const samples = ['a', 'b'].map((kind) => ({ kind, body: Buffer.from(kind) }));
  expect([...take(cycled(samples), 5)].map(({ kind }) => kind)).toEqual(['a', 'b', 'a, sent again', 'b, sent again', 'a, sent again']);
});

test('there is a sample of each type, and each is an event', () => {
  const lines = samplesByType();
  expect(lines.map((line) => JSON.parse(line).type)).toEqual(
    ['press.heated', 'page.viewed', 'order.placed', 'account.settled', 'door.opened', 'config.changed'].map(
      (type) => `com.example.${type}`,
    ),
  );
  const { required } = JSON.parse(readFileSync(path.join(__dirname, '../../shared/runtime/event.schema.json'), 'utf8'));
  for (const line of lines) expect(Object.keys(JSON.parse(line))).toEqual(expect.arrayContaining(required));
});
