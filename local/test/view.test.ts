import { stripVTControlCharacters } from 'node:util';
import type { Treatment } from '../coverage';
import type { End, Message } from '../story';
import { jsonView, liveView, plainView } from '../view';

const way = (number: number, end: End, ...steps: string[]): Extract<Message, { kind: 'way' }> => ({
  kind: 'way',
  number,
  event: 'order',
  way: steps,
  end,
  byHand: false,
});
const stored = (number: number) => way(number, 'stored', 'p-0/12345678901234567', '9 events of p-0', 'events/1.ndjson');
const balance = {
  sent: 1050,
  made: 0,
  accepted: 1000,
  rejected: { 'no id': 50 },
  stored: 990,
  dropped: 0,
  deadLettered: { 'no JSON': 10 },
  inBoth: 0,
  changedAtDoor: 0,
  duplicatesRemoved: 20,
  faults: [],
};
const places = { send: 'curl', store: `${process.cwd()}/store`, deadLetter: 'dead' };

function shown(...messages: Message[]) {
  const lines: string[] = [];
  const view = plainView((line) => lines.push(line));
  for (const message of messages) view.show('aws', message);
  return lines.join('\n');
}

test('in a pipe a few ways are told, and each reason once', () => {
  const messages = [1, 2, 3, 4].map(stored);
  const refused = [5, 6].map((number) => way(number, 'rejected', 'refused: 400 no id'));
  const other = way(7, 'rejected', 'refused: 413 too large');
  expect(shown(...messages, ...refused, other)).toBe(
    [
      '  #1     order                 p-0/…234567 > 9 events of p-0 > stored in events/1.ndjson',
      '  #2     order                 p-0/…234567 > 9 events of p-0 > stored in events/1.ndjson',
      '  #3     order                 p-0/…234567 > 9 events of p-0 > stored in events/1.ndjson',
      '  #5     order                 refused: 400 no id',
      '  #7     order                 refused: 413 too large',
    ].join('\n'),
  );
});

test('an incident and a line of the handler are told once, whatever number is in them', () => {
  const log = (id: number): Message => ({ kind: 'log', line: `settled ${id} of 78d8c288-f8ba-4a63-8157-a33f30796f14` });
  expect(shown({ kind: 'incident', text: 'killed' }, { kind: 'incident', text: 'killed' }, log(1), log(2))).toBe(
    '  !  killed\n  |  settled 1 of 78d8c288-f8ba-4a63-8157-a33f30796f14',
  );
});

test('an event that was sent by hand is always told', () => {
  const mine = { ...stored(9), byHand: true };
  expect(shown(...[1, 2, 3, 4].map(stored), mine, mine).match(/#\d/g)).toEqual(['#1', '#2', '#3', '#9', '#9']);
});

const covered = (type: string, property: string, treatment: Treatment, why?: string) => ({
  type,
  resource: 'One',
  property,
  treatment,
  why,
});
const coverage: Message = {
  kind: 'coverage',
  coverage: [
    covered('template', '', 'emulated'),
    covered('AWS::SQS::Queue', '', 'emulated'),
    covered('AWS::SQS::Queue', 'Delay', 'emulated'),
    covered('AWS::SQS::Queue', 'Delay', 'emulated'),
    covered('AWS::SQS::Queue', 'Tags', 'no effect here'),
    covered('AWS::IAM::Role', '', 'no effect here'),
    covered('AWS::IAM::Role', '', 'no effect here'),
    covered('AWS::SQS::Queue', 'Fifo', 'refused', 'it is not classified.'),
  ],
  overrides: ['SETTING = the stand-in'],
};

test('the first lines say what runs, and how much of the template, in a line each', () => {
  const stages = [
    { stage: 'Connect', service: 'API Gateway' },
    { stage: 'Buffer', service: 'Kinesis' },
  ];
  expect(shown({ kind: 'stages', stages }, coverage)).toBe(
    [
      'aws pipeline:  Connect API Gateway > Buffer Kinesis',
      '  1 of 3 resources run here. No effect here: 2 IAM Role (--coverage shows all).',
    ].join('\n'),
  );
});

test('where it is asked for, the coverage names each property once, with what becomes of it', () => {
  const lines: string[] = [];
  plainView((line) => lines.push(line), true).show('aws', coverage);
  expect(lines).toEqual([
    '  template',
    '  AWS::SQS::Queue',
    '    emulated:  Delay',
    '    no effect here:  Tags',
    '  everything else',
    '    no effect here:  AWS::IAM::Role',
    '  refused:  AWS::SQS::Queue One Fifo: it is not classified.',
    '  Not checked here:  permissions, network, encryption, quotas, scaling, latency, cost.',
    '  set here:  SETTING = the stand-in',
    '',
  ]);
});

test('the balance says what became of everything, and where to look', () => {
  expect(shown({ kind: 'end', balance, places, seconds: 2.5, replays: [] })).toBe(
    [
      '',
      'aws pipeline:  1,050 events in 2.5 s, 420 a second from Connect to the store',
      '  sent                       1,050',
      '  refused                       50',
      '        50  no id',
      '  accepted                   1,000',
      '  in the store                 990',
      '  in the dead letter            10',
      '        10  no JSON',
      '  duplicates removed            20',
      '  Every accepted event is in the store or in the dead letter, and none is in both.',
      '  look at the store:       store',
      '  look at the dead letter: dead',
      '',
    ].join('\n'),
  );
});

test('events of the platform itself are counted apart', () => {
  const lines = shown({ kind: 'end', balance: { ...balance, made: 40 }, places, seconds: 2.5, replays: [] });
  expect(lines).toContain('  sent                       1,010\n  sent by the platform          40   events of new objects\n');
});

test('what the transform drops is counted, and told in a line of its own', () => {
  const text = shown({ kind: 'end', balance: { ...balance, stored: 900, dropped: 90 }, places, seconds: 1, replays: [] });
  expect(text).toContain('  in the store                 900\n  dropped by the transform      90\n');
  expect(text).toContain('Every accepted event is in the store or in the dead letter, or was dropped, and none is in both.');
});

test('a hint stands below the balance', () => {
  const text = shown({ kind: 'end', balance: { ...balance, hint: 'Nothing was stored.\nSend others.' }, places, seconds: 1, replays: [] });
  expect(text).toContain('\n  Nothing was stored.\n  Send others.\n');
});

test('where it stays up, the command that replays is told', () => {
  const replays = [{ settings: { A: '1' }, words: ['gcp', '--to', 'topic'] }];
  expect(shown({ kind: 'end', balance, places, seconds: 1, replays })).toContain(
    '  replay the dead letters: A=1 npm run replay -- gcp --to topic',
  );
});

test('everything fits into 60 columns', () => {
  process.env.COLUMNS = '60';
  try {
    const long = 'InvalidEvent: event must have required property source, and this reason has more words than fit';
    const up: Message = {
      kind: 'up',
      places: { ...places, send: `curl -d '{"id":"1"}' http://127.0.0.1:1/here/there` },
      replays: [],
      pace: 60,
      seed: 2147483647,
    };
    const end: Message = { kind: 'end', balance: { ...balance, rejected: { [long]: 1 }, hint: long }, places, seconds: 1, replays: [] };
    const text = shown(coverage, up, stored(1), way(2, 'dead letter', 'p-1/1', long), end, { kind: 'failed', reason: long });
    expect(text.split('\n').filter((line) => line.length > 60)).toEqual([]);
  } finally {
    delete process.env.COLUMNS;
  }
});

test('a fault of the books stands where the good news would', () => {
  const text = shown({ kind: 'end', balance: { ...balance, faults: ['1 event lost'] }, places, seconds: 1, replays: [] });
  expect(text).toContain('  FAULT  1 event lost');
  expect(text).not.toContain('Every accepted event');
});

test('for machines each message is a line', () => {
  const lines: string[] = [];
  jsonView((line) => lines.push(line)).show('gcp', { kind: 'failed', reason: 'x' });
  expect(lines.map((line) => JSON.parse(line))).toEqual([{ cloud: 'gcp', blueprint: 'pipeline', kind: 'failed', reason: 'x' }]);
});

test('what is not run is a line, with the name of the blueprint', () => {
  const lines: string[] = [];
  plainView((line) => lines.push(line)).show('aws', { kind: 'not run', reason: 'DynamoDB: why' }, 'table');
  expect(lines).toEqual(['aws table: not run here: DynamoDB: why']);
});

test('on a terminal the four stages are drawn again and again, with the latest ways below them', () => {
  const frames: string[] = [];
  const view = liveView(
    () => {},
    (frame) => frames.push(stripVTControlCharacters(frame)),
  );
  for (let number = 1; number <= 20; number++) view.show('aws', stored(number));
  const counts = { sent: 1050, rejected: 2, buffered: 3, deliveries: 1, stored: 5, deadLettered: 1, dropped: 7 };
  view.show('aws', { kind: 'counts', counts });
  const [frame] = frames;
  expect(frame!.split('\n').slice(0, 6)).toEqual([
    '',
    'Connect     1,050 sent, 2 refused',
    'Buffer      3 waiting',
    'Processing  1 call, 7 dropped by the transform',
    'Store       5 rows, 1 dead letter',
    '',
  ]);
  expect(frame!.match(/#\d+/g)).toEqual(['#15', '#16', '#17', '#18', '#19', '#20']);
});

test('where a way is too long for a terminal, its end is shown', () => {
  const frames: string[] = [];
  const view = liveView(
    () => {},
    (frame) => frames.push(stripVTControlCharacters(frame)),
  );
  view.show('aws', way(1, 'stored', 'p-1', ...Array.from({ length: 20 }, () => 'again'), 'events/1.ndjson'));
  view.show('aws', {
    kind: 'counts',
    counts: { sent: 1, rejected: 0, buffered: 0, deliveries: 1, stored: 1, deadLettered: 0, dropped: 0 },
  });
  expect(frames[0]!.split('\n').at(-1)).toBe('#1     order                 stored in events/1.ndjson');
});

test('on a terminal an event that was sent by hand stays, above what is drawn again', () => {
  const printed: string[] = [];
  const view = liveView(
    (line) => printed.push(stripVTControlCharacters(line)),
    () => {},
  );
  view.show('aws', { ...stored(7), byHand: true });
  expect(printed.join(' ')).toMatch(/^#7 +order/);
});
