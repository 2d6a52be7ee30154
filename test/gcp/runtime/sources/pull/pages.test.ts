import timers from 'node:timers/promises';
import { pages } from '../../../../../gcp/runtime/sources/pull/pages';
import { ToolStandIn } from './tool';

let tool: ToolStandIn;
beforeEach(async () => {
  tool = await new ToolStandIn().start();
  tool.pages = [[{ id: 1 }, { id: 2 }], [{ id: 3 }]];
});

const read = async (props: { timeout?: number } = {}) => {
  const found: object[] = [];
  for await (const one of pages(`${tool.url}/guides`, { headers: { authorization: 'Bearer t' }, pauseMs: 1, ...props })) found.push(one);
  return found;
};

test('reads each page once, in order, with the headers', async () => {
  expect(await read()).toEqual([{ id: 1 }, { id: 2 }, { id: 3 }]);
  expect(tool.asked).toEqual(['GET /guides Bearer t', 'GET /guides?page=2 Bearer t']);
});

test('loses no digit', async () => {
  tool.fate = () => ({ status: 200, body: '[{"id":12345678901234567890}]' });
  expect(await read()).toEqual([{ id: 12345678901234567890n }]);
});

test.each([
  '</guides?page=2>; rel=next',
  '<?page=2>; title="a"; rel="next"; x=1',
  '<a>; rel="prev", </guides?page=2>; REL="next"',
  '</guides?page=2>; rel="last next"',
])('finds the next page in %s', async (link) => {
  tool.fate = (page) => (page === 1 ? { status: 200, headers: { link }, body: '[]' } : { status: 200, body: '[{"id":3}]' });
  expect(await read()).toEqual([{ id: 3 }]);
});

test.each(['<x>; rel="prev"', 'x', '', '<x>; rel="nextish"'])('finds no next page in %j', async (link) => {
  tool.link = link;
  expect(await read()).toHaveLength(2);
});

test.each([429, 500, 503])('asks again after %d, and reads nothing twice', async (status) => {
  tool.fate = (_, request) => (request === 2 || request === 3 ? { status } : undefined);
  expect(await read()).toHaveLength(3);
  expect(tool.asked).toHaveLength(4);
});

test('waits as long as the API asks for', async () => {
  tool.fate = (_, request) => (request === 1 ? { status: 429, headers: { 'retry-after': '1' } } : undefined);
  const pause = jest.spyOn(timers, 'setTimeout').mockResolvedValue(undefined);
  await read();
  expect(pause.mock.calls).toEqual([[1000]]);
  pause.mockRestore();
});

test('waits until the time that the API names, and no longer than a minute', async () => {
  const now = jest.spyOn(Date, 'now').mockReturnValue(Date.parse('2026-01-31T08:30:00Z'));
  const pause = jest.spyOn(timers, 'setTimeout').mockResolvedValue(undefined);
  const dates = ['Sat, 31 Jan 2026 08:30:07 GMT', 'Sat, 31 Jan 2026 09:30:00 GMT', 'Sat, 31 Jan 2026 08:00:00 GMT'];
  tool.fate = (_, request) => (request <= 3 ? { status: 503, headers: { 'retry-after': dates[request - 1]! } } : undefined);
  await read();
  expect(pause.mock.calls).toEqual([[7000], [60_000], [0]]);
  pause.mockRestore();
  now.mockRestore();
});

test('says why there was no answer', () =>
  expect(pages('http://127.0.0.1:1/guides', { headers: {}, pauseMs: 1 }).next()).rejects.toThrow(/^the API gave no answer: \S/));

test('does not show a header that HTTP does not allow: it can be a token', async () => {
  const reading = pages(`${tool.url}/guides`, { headers: { authorization: 'Bearer first\nsecond' } }).next();
  await expect(reading).rejects.toThrow(/^the header authorization must be one line of ASCII$/);
  expect(tool.asked).toEqual([]);
});

test('gives up after six tries', async () => {
  tool.fate = () => ({ status: 503 });
  await expect(read()).rejects.toThrow('the API answered 503');
  expect(tool.asked).toHaveLength(6);
});

test('does not wait for an answer that does not come', async () => {
  tool.fate = () => new Promise(() => {}) as never;
  await expect(read({ timeout: 20 })).rejects.toThrow(/timeout/i);
});

describe('refuses', () => {
  test.each<[string, RegExp, () => void]>([
    ['to go on after 403', /^the API answered 403$/, () => (tool.fate = () => ({ status: 403 }))],
    ['a page that is no list', /a page must be a JSON array of objects/, () => (tool.fate = () => ({ status: 200, body: '{}' }))],
    ['a page with a number in it', /a page must be a JSON array of objects/, () => (tool.fate = () => ({ status: 200, body: '[5]' }))],
    ['a page that is not JSON', /JSON/, () => (tool.fate = () => ({ status: 200, body: '<html>' }))],
    [
      'a page elsewhere, which would get the headers',
      /must be on 127\.0\.0\.1:\d+, got other\.example/,
      () => (tool.link = '<https://other.example/>; rel="next"'),
    ],
    ['pages in a circle', /names a page as the next one that was read before/, () => (tool.link = '<?page=1>; rel="next"')],
    ['a page that is moved', /^the API answered 302$/, () => (tool.fate = () => ({ status: 302, headers: { location: '/elsewhere' } }))],
  ])('%s', async (_, reason, happen) => {
    happen();
    await expect(read()).rejects.toThrow(reason);
  });

  test('an address that is not encrypted', () =>
    expect(pages('http://tool.example/guides', { headers: {} }).next()).rejects.toThrow(
      'the address of the first page must start with https://',
    ));
});
