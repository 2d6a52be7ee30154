import fc from 'fast-check';
import { COLOURS } from '../../../shared/read/drawing/colours';
import { wrapList } from '../../../shared/read/drawing/measure';
import { narrowOverviewSvg, overviewSvg, pictureSvg } from '../../../shared/read/drawing/svg';
import { drawWide } from '../../../shared/read/drawing/wide';
import { type Graph, type Part, STAGES } from '../../../shared/read/picture';
import { faultsOf, matrixFaultsOf } from '../../support/drawings';

const part = (id: string, stage: string, more: Partial<Part> = {}): Part => ({
  id,
  stage,
  service: `service of ${id}`,
  name: `${stage} ${id}`,
  tells: ['7 days', 'encrypted', 'retained'],
  isDeadLetter: false,
  alarms: 0,
  permissions: [],
  ...more,
});
const client = part('client', '', { service: 'client', name: 'client', tells: [] });
const ways = (...pairs: readonly (readonly [string, string])[]) => pairs.map(([from, to]) => ({ from, to, how: ['how'] }));
const shows = { facts: 6, numbers: true, heads: true };

const word = fc.stringMatching(/^[A-Za-z0-9_.:/*{}&<>-]{1,40}$/);
const text = fc.array(word, { minLength: 1, maxLength: 8 }).map((words) => words.join(' '));
/** Any platform: 2 to 25 parts, stages missing and stages several times, ways on, back and across. */
const graphs: fc.Arbitrary<Graph> = fc
  .record({
    parts: fc.array(
      fc.record({
        stage: fc.constantFrom(...STAGES),
        service: text,
        tells: fc.array(text, { maxLength: 5 }),
        alarms: fc.nat({ max: 120 }),
      }),
      { minLength: 1, maxLength: 20, size: 'max' },
    ),
    dead: fc.array(fc.constantFrom(...STAGES), { maxLength: 4 }),
    ways: fc.array(fc.tuple(fc.nat(), fc.nat(), fc.array(text, { maxLength: 2 })), { maxLength: 40, size: 'max' }),
  })
  .map((drawn) => {
    const main = drawn.parts.map((one, index) => part(`p${index}`, one.stage, one));
    const dead = drawn.dead.map((stage, index) => part(`d${index}`, stage, { isDeadLetter: true }));
    const parts = [client, ...main, ...dead];
    const found = drawn.ways.flatMap(([a, b, how]) => {
      const [from, to] = [parts[a % parts.length]!, parts[1 + (b % (parts.length - 1))]!];
      return from === to || (from === client && to.isDeadLetter) ? [] : [{ from: from.id, to: to.id, how }];
    });
    return { parts, ways: [...new Map(found.map((way) => [`${way.from} ${way.to}`, way])).values()] };
  });

test('in a picture of any platform texts stay in their boxes, no boxes overlap, and no way crosses a box or runs along another', () => {
  fc.assert(
    fc.property(graphs, (graph) => expect(faultsOf(graph)).toEqual([])),
    { numRuns: 40 },
  );
});

test('in a picture of three platforms side by side nothing lies on anything else', () => {
  const own = (cloud: string, { parts, ways: all }: Graph): Graph => ({
    parts: parts.map((one) => ({ ...one, id: `${cloud} ${one.id}` })),
    ways: all.map((way) => ({ ...way, from: `${cloud} ${way.from}`, to: `${cloud} ${way.to}` })),
  });
  const three = fc.tuple(graphs, graphs, graphs).map((all) => all.map((graph, index) => own(`cloud ${index}`, graph)));
  fc.assert(
    fc.property(three, (all) => expect(matrixFaultsOf(all)).toEqual([])),
    { numRuns: 40 },
  );
});

test('a stage has the same column in every picture, whatever stands there', () => {
  const small: Graph = { parts: [part('a', 'Buffer'), part('b', 'Store')], ways: ways(['a', 'b']) };
  const large: Graph = {
    parts: [client, part('c', 'Connect'), part('a', 'Buffer'), part('p', 'Processing'), part('b', 'Store'), part('v', 'Visualize')],
    ways: ways(['client', 'c'], ['c', 'a'], ['a', 'p'], ['p', 'b'], ['a', 'b'], ['b', 'v']),
  };
  const places = (graph: Graph) =>
    Object.fromEntries(
      drawWide(graph, shows)
        .boxes.filter(({ part: { id } }) => ['a', 'b'].includes(id))
        .map(({ part: { id }, x }) => [id, x]),
    );
  expect(places(small)).toEqual(places(large));
});

test('every stage of a platform is named, one without a service too', () => {
  const { heads } = drawWide({ parts: [part('a', 'Buffer'), part('b', 'Containerization')], ways: [] }, shows);
  expect(heads.map(({ text: name, isEmpty }) => [name, isEmpty])).toEqual([
    ['CONNECT', true],
    ['BUFFER', false],
    ['PROCESSING', true],
    ['STORE', true],
    ['CONTAINERIZATION', false],
  ]);
});

test('a dead letter stands below everything else, under the first that sends to it', () => {
  const graph: Graph = {
    parts: [part('b', 'Buffer'), part('p', 'Processing'), part('q', 'Processing'), part('d', 'Store', { isDeadLetter: true })],
    ways: ways(['b', 'p'], ['b', 'q'], ['b', 'd'], ['p', 'd'], ['q', 'd']),
  };
  const { boxes, arrows } = drawWide(graph, shows);
  const box = new Map(boxes.map((one) => [one.part.id, one]));
  expect(box.get('d')!.x).toBe(box.get('b')!.x);
  for (const id of ['b', 'p', 'q']) expect(box.get('d')!.y).toBeGreaterThan(box.get(id)!.y + box.get(id)!.height);
  // What leads to it runs together, with one tip.
  expect(arrows.filter(({ isDead }) => isDead).map(({ joins }) => joins)).toEqual([false, true, true]);
});

test('a way that skips a stage goes around what stands there', () => {
  const graph: Graph = {
    parts: [part('b', 'Buffer'), part('p', 'Processing'), part('s', 'Store')],
    ways: ways(['b', 'p'], ['p', 's'], ['b', 's']),
  };
  const { arrows, boxes } = drawWide(graph, shows);
  expect(arrows.map(({ points }) => points.length)).toEqual([2, 2, 6]);
  expect(Math.min(...arrows[2]!.points.map(([, y]) => y))).toBeLessThan(Math.min(...boxes.map(({ y }) => y)));
});

test('a list is broken between its items', () => {
  expect(wrapList(['1000 requests/s', 'burst 2000', 'access log'], 140, 12)).toEqual(['1000 requests/s,', 'burst 2000, access log']);
  expect(wrapList(['nodejs24.x arm64 512 MB 60 s'], 140, 12)).toEqual(['nodejs24.x arm64', '512 MB 60 s']);
  expect(wrapList(['ALLOW_INTERNAL_ONLY'], 100, 12)).toEqual(['ALLOW_', 'INTERNAL_', 'ONLY']);
});

test('whatever a template says is text in a picture', () => {
  const graph: Graph = { parts: [part('a', 'Buffer', { service: '<b>&', permissions: ['x may <i> on y'] })], ways: [] };
  const named = [{ name: '<u>', graph }];
  for (const svg of [
    pictureSvg('<u>', graph),
    pictureSvg('<u>', graph, true),
    overviewSvg('<u>', named),
    narrowOverviewSvg('<u>', named),
  ]) {
    expect(svg).toContain('&lt;b&gt;&amp;');
    expect(svg).not.toMatch(/<[biu]>/);
  }
});

test('whoever points at a service reads who may do what', () => {
  const graph: Graph = { parts: [part('a', 'Buffer', { permissions: ['Processing may kinesis:GetRecords on Buffer a'] })], ways: [] };
  expect(pictureSvg('x', graph)).toMatch(/<title>Buffer a\n[^<]*Processing may kinesis:GetRecords on Buffer a<\/title>/);
});

describe.each(['light', 'dark'] as const)('on a %s page', (scheme) => {
  const { page, card, edge: _, line, text: ink, soft, ...hues } = COLOURS[scheme];

  test('every text can be read: WCAG asks for 4.5 to 1', () => {
    for (const colour of [ink, soft, ...Object.values(hues)]) {
      for (const ground of [page, card])
        expect({ colour, ground, isReadable: contrast(colour, ground) >= 4.5 }).toMatchObject({ isReadable: true });
    }
    expect(contrast(page, soft)).toBeGreaterThanOrEqual(4.5);
    expect(contrast(page, hues.dead)).toBeGreaterThanOrEqual(4.5);
  });

  test('every way can be seen: WCAG asks for 3 to 1', () => expect(contrast(line, page)).toBeGreaterThanOrEqual(3));
});

/** The contrast of two colours: https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio */
function contrast(a: string, b: string): number {
  const [dark, bright] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (bright! + 0.05) / (dark! + 0.05);
}

function luminance(colour: string): number {
  const [red, green, blue] = [1, 3, 5]
    .map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255)
    .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
}
