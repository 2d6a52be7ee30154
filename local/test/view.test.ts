import { stripVTControlCharacters } from 'node:util';
import type { Message } from '../story';
import { jsonView, liveView, plainView } from '../view';

const way = (number: number, end: 'stored' | 'rejected' | 'dead letter', ...steps: string[]): Message => ({
  kind: 'way',
  number,
  event: 'order',
  way: steps,
  end,
});
const stored = (number: number) => way(number, 'stored', 'p-0/12345678901234567', '9 events of p-0', 'events/1.ndjson');
const balance = {
  sent: 1050,
  accepted: 1000,
  rejected: { 'no id': 50 },
  stored: 990,
  leftOut: 0,
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

test('the coverage names each property once, with what becomes of it', () => {
  const row = (type: string, property: string, treatment: 'emulated' | 'no effect here' | 'refused', why?: string) => ({
    type,
    resource: 'One',
    property,
    treatment,
    why,
  });
  const coverage = [
    row('AWS::SQS::Queue', '', 'emulated'),
    row('AWS::SQS::Queue', 'Delay', 'emulated'),
    row('AWS::SQS::Queue', 'Delay', 'emulated'),
    row('AWS::SQS::Queue', 'Tags', 'no effect here'),
    row('AWS::IAM::Role', '', 'no effect here'),
    row('AWS::SQS::Queue', 'Fifo', 'refused', 'nobody has classified it.'),
  ];
  expect(shown({ kind: 'coverage', coverage, overrides: ['SETTING = the stand-in'] })).toBe(
    [
      'aws: what of its template runs here: 2 resources, 2 properties emulated, 1 without an effect here, 1 refused',
      '  AWS::SQS::Queue                             emulated        Delay',
      '                                              no effect here  Tags',
      '  everything else                             no effect here  AWS::IAM::Role',
      '  REFUSED  AWS::SQS::Queue One Fifo: nobody has classified it.',
      '  Not checked here: permissions, network, encryption, quotas, scaling, latency, cost.',
      '',
      '  set here: SETTING = the stand-in',
      '',
    ].join('\n'),
  );
});

test('the balance says what became of everything, and where to look', () => {
  expect(shown({ kind: 'end', balance, places, seconds: 2.5 })).toBe(
    [
      '',
      'aws: 1,050 events in 2.5 s, 420 a second from the door to the store',
      '  sent                     1,050',
      '  refused at the door         50',
      '                                      50  no id',
      '  accepted                 1,000',
      '  in the store               990',
      '  in the dead letter          10',
      '                                      10  no JSON',
      '  duplicates removed          20',
      '  Every accepted event is in the store or in the dead letter, and none is in both.',
      '  look at the store:        store',
      '  look at the dead letter:  dead',
      '',
    ].join('\n'),
  );
});

test('a fault of the books stands where the good news would', () => {
  const text = shown({ kind: 'end', balance: { ...balance, faults: ['1 event lost'] }, places, seconds: 1 });
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
  view.show('aws', { kind: 'counts', counts: { sent: 1050, rejected: 2, buffered: 3, deliveries: 4, stored: 5, deadLettered: 6 } });
  const [frame] = frames;
  expect(frame).toMatch(/Connect +--> +Buffer +--> +Processing +--> +Store/);
  expect(frame).toMatch(/1,050 sent +3 waiting +4 calls +5 rows\s+2 refused +6 dead letters/);
  expect(frame!.match(/#\d+/g)).toEqual(['#15', '#16', '#17', '#18', '#19', '#20']);
});
