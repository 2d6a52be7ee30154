import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Construct } from 'constructs';
import fc from 'fast-check';
import { PER_MINUTE } from '../../../../azure/processing/stream-analytics/per-minute';
import { requireNames } from '../../../../azure/processing/stream-analytics/query';
import { SPIKES_AND_DIPS } from '../../../../azure/processing/stream-analytics/spikes-and-dips';

class Root extends Construct {
  constructor() {
    super(undefined as unknown as Construct, '');
  }
}
const scope = new Construct(new Root(), 'job');
const check = (query: string, names: readonly string[] = ['store'], messages: readonly string[] = []) =>
  requireNames(scope, query, { names, messages });

describe('accepts', () => {
  test.each([
    ['names in brackets', 'SELECT * INTO [store] FROM [events]'],
    ['names without', 'select * into store from events'],
    ['clauses of the language', 'SELECT * INTO store FROM events TIMESTAMP BY [time] PARTITION BY PartitionId'],
    ['a window', 'SELECT COUNT(*) AS n INTO store FROM events GROUP BY TumblingWindow(minute, 5)'],
    ['steps', 'WITH One AS (SELECT * FROM events), [Two] AS (SELECT * FROM One) SELECT * INTO store FROM [Two] JOIN One ON 1 = 1'],
    ['a query within a query', 'SELECT * INTO store FROM (SELECT * FROM events) AS x'],
    ['names in comments and texts', "SELECT 'INTO nowhere' AS a INTO store FROM events -- INTO nowhere\n/* FROM nowhere */"],
  ])('%s', (_, query) => expect(() => check(query)).not.toThrow());

  test('the query for spikes and dips, with its two outputs', () =>
    expect(() => check(SPIKES_AND_DIPS, ['store', 'alerts'], ['alerts'])).not.toThrow());

  test('the query for minutes, with its two outputs', () => expect(() => check(PER_MINUTE, ['curated', 'served'])).not.toThrow());
});

describe('refuses', () => {
  test.each<[string, string, string]>([
    [
      'an output that the job does not have',
      'SELECT * INTO [stor] FROM [events]',
      'query must write INTO outputs of the job, got "stor". The names are store.',
    ],
    [
      'an output with other letters',
      'SELECT * INTO Store FROM events',
      'query must write INTO outputs of the job, got "Store". The names are store.',
    ],
    [
      'an output that nothing writes to',
      'SELECT * FROM events',
      'query must write INTO each output, got nothing INTO store. Leave the output out, or write to it.',
    ],
    [
      'an input that the job does not have',
      'SELECT * INTO store FROM [input]',
      'query must read FROM events or a step of its own, got "input". The names are events.',
    ],
    [
      'a step that does not exist',
      'WITH One AS (SELECT * FROM events) SELECT * INTO store FROM Two',
      'query must read FROM events or a step of its own, got "Two". The names are events, One.',
    ],
    [
      'to read nothing of the source',
      'WITH One AS (SELECT * FROM One) SELECT * INTO store FROM One',
      'query must read FROM events, got a query that does not. Write FROM [events].',
    ],
  ])('%s', (_, query, message) => expect(() => check(query)).toThrow(new Error(`job: ${message}`)));

  test('rows for a hub that would share a message', () =>
    expect(() => check('SELECT * INTO alerts FROM events', ['alerts'], ['alerts'])).toThrow(
      new Error(
        "job: query must select a column kind INTO alerts, got a query without it. Add a column such as 'event' AS [kind]: without it, several rows are in one message.",
      ),
    ));

  test('whatever a name is, in one line', () =>
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), (name) => {
        const error = faultOf(() => check(`SELECT * INTO [${name}] FROM [events]`));
        expect(error === undefined ? 'accepted' : error.message).toMatch(name === 'store' ? /^accepted$/ : /^job: [^\n]{1,400}\.$/);
      }),
    ));
});

describe('the query for spikes and dips', () => {
  const query = SPIKES_AND_DIPS.replace(/--.*$/gm, '');

  test('an alert is an event: it has each attribute that the contract requires', () => {
    const { required } = JSON.parse(readFileSync(path.join(__dirname, '../../../../shared/runtime/event.schema.json'), 'utf8'));
    const alert = query.slice(query.indexOf("'1.0'"), query.indexOf('INTO [alerts]'));
    const columns = alert.split(/,\n/).map((column) => /\[(\w+)\]\s*$/.exec(column)?.[1]);
    expect(columns).toEqual(expect.arrayContaining(required));
  });

  test('its brackets and quotes are closed', () => expectClosed(query));

  test('what is no number is stored, and watched by no model: a cast that fails would stop the job', () => {
    expect(query).toContain('TRY_CAST([data].[value] AS float)');
    expect(query).toContain('WHERE reading IS NOT NULL');
    expect(query).toMatch(/SELECT \*\s+INTO \[store\]\s+FROM \[events\]/);
  });

  test('the model has the arguments that the language takes', () => {
    const [, confidence, history, mode] = /AnomalyDetection_SpikeAndDip\(reading, (\d+), (\d+), '(\w+)'\)/.exec(query)!;
    expect(Number(confidence)).toBeLessThanOrEqual(100);
    expect(Number(history)).toBeGreaterThan(0);
    expect(['spikes', 'dips', 'spikesanddips']).toContain(mode);
  });
});

describe('the query for minutes', () => {
  const query = PER_MINUTE.replace(/--.*$/gm, '');

  test('its brackets and quotes are closed', () => expectClosed(query));
  test('stores each event as it is, also one that no report is made from', () =>
    expect(query).toMatch(/SELECT \*\s+INTO \[curated\]\s+FROM \[events\]/));
  test('what is no number is counted, and stops no job', () => {
    expect(query).toContain('TRY_CAST([data].[value] AS float)');
    expect(query).toContain('COUNT(*) AS [total]');
    expect(query).toContain('COUNT(reading) AS [readings]');
  });
  test('each column that is not calculated is one that the rows are grouped by', () => {
    const [, grouped] = /GROUP BY (.+)/.exec(query)!;
    const selected = query.slice(query.lastIndexOf('SELECT') + 'SELECT'.length, query.indexOf('INTO [served]'));
    const plain = selected
      .split(',')
      .map((one) => one.trim())
      .filter((one) => /^\[\w+\]$/.test(one));
    expect(grouped).toBe(`${plain.join(', ')}, TumblingWindow(minute, 1)`);
  });
});

function expectClosed(query: string) {
  for (const [open, close] of ['()', '[]']) expect(query.split(open!)).toHaveLength(query.split(close!).length);
  expect(query.split("'").length % 2).toBe(1);
}

function faultOf(work: () => void): Error | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return error as Error;
  }
}
