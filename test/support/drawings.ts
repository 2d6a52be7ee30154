import { legendOf } from '../../shared/read/drawing/legend';
import { drawMatrix } from '../../shared/read/drawing/matrix';
import { widthOf } from '../../shared/read/drawing/measure';
import { drawNarrow } from '../../shared/read/drawing/narrow';
import { type Box, type Drawing, type Line, type Point, type Shows, STYLES } from '../../shared/read/drawing/shapes';
import { drawWide } from '../../shared/read/drawing/wide';
import type { Graph } from '../../shared/read/picture';

interface Area {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const SHOWS: readonly Shows[] = [
  { facts: 6, numbers: true, heads: true },
  { facts: 2, numbers: false, heads: false },
];

/** What is wrong with the pictures of a graph: texts that leave their box, boxes on each other, ways across boxes or along each other. */
export function faultsOf(graph: Graph): string[] {
  const drawings = SHOWS.flatMap((shows) => [
    { kind: 'wide', shows, drawing: drawWide(graph, shows) },
    { kind: 'narrow', shows, drawing: drawNarrow(graph, shows) },
  ]);
  return drawings.flatMap(({ kind, shows, drawing }) => {
    const found = [...boxFaults(drawing), ...wayFaults(drawing), ...(shows.numbers ? numberFaults(drawing) : [])];
    const legend = shows.numbers ? legendFaults(graph, drawing, kind === 'wide' ? 2 : 1) : [];
    return [...found, ...legend].map((fault) => `${kind}: ${fault}`);
  });
}

/** What is wrong with the picture of several platforms side by side. */
export function matrixFaultsOf(graphs: readonly Graph[]): string[] {
  const drawing = drawMatrix(graphs, 34);
  return [...boxFaults(drawing), ...wayFaults(drawing)];
}

function boxFaults({ boxes, width, height }: Drawing): string[] {
  const page = { x: 0, y: 0, width, height };
  return boxes.flatMap((box, index) => [
    ...(isWithin(box, page) ? [] : [`${box.part.id} leaves the picture`]),
    ...boxes.slice(index + 1).flatMap((other) => (overlaps(box, other) ? [`${box.part.id} lies on ${other.part.id}`] : [])),
    ...box.lines.flatMap((line) => (isWithin(areaOf(line, box), box) ? [] : [`${box.part.id}: "${line.text}" leaves its box`])),
    ...pairs(box.lines).flatMap(([a, b]) =>
      overlaps(areaOf(a, box), areaOf(b, box)) ? [`${box.part.id}: ${a.text} lies on ${b.text}`] : [],
    ),
    ...(box.lines.length === 0 ? [`${box.part.id} says nothing`] : []),
  ]);
}

function wayFaults({ boxes, arrows, heads, width, height }: Drawing): string[] {
  const page = { x: 0, y: 0, width, height };
  const boxOf = new Map(boxes.map((box) => [box.part.id, box]));
  const lines = arrows.map(({ points, way, isDead }) => ({
    way,
    lines: linesOf(points),
    group: isDead ? way.to : `${way.from} ${way.to}`,
  }));
  return [
    ...arrows.flatMap(({ way, points, joins }) => {
      const name = `${way.from} -> ${way.to}`;
      const [start, end] = [points[0]!, points.at(-1)!];
      const crossed = boxes.filter((box) => linesOf(points).some((line) => crosses(line, box)));
      return [
        ...(points.every((point) => isWithin({ x: point[0], y: point[1], width: 0, height: 0 }, page))
          ? []
          : [`${name} leaves the picture`]),
        ...(linesOf(points).every(([a, b]) => a[0] === b[0] || a[1] === b[1]) ? [] : [`${name} is not straight`]),
        ...(isOnEdge(start, boxOf.get(way.from)!) ? [] : [`${name} begins nowhere`]),
        ...(joins || isOnEdge(end, boxOf.get(way.to)!) ? [] : [`${name} ends nowhere`]),
        ...heads.filter((head) => linesOf(points).some((line) => crosses(line, areaOf(head)))).map(({ text }) => `${name} crosses ${text}`),
        ...crossed.map(({ part }) => `${name} crosses ${part.id}`),
      ];
    }),
    ...pairs(lines)
      .filter(([a, b]) => a.group !== b.group)
      .filter(([a, b]) => a.lines.some((one) => b.lines.some((other) => runsAlong(one, other))))
      .map(([a, b]) => `${a.way.from} -> ${a.way.to} runs along ${b.way.from} -> ${b.way.to}`),
  ];
}

/** A number lies on its way alone. */
function numberFaults({ boxes, arrows }: Drawing): string[] {
  const numbers = arrows.map(({ at: [x, y], way }) => ({ way, x: x - 8, y: y - 8, width: 16, height: 16 }));
  const others = (index: number) => arrows.filter((_, other) => other !== index);
  return [
    ...numbers.flatMap((number) =>
      boxes.filter((box) => overlaps(number, box)).map((box) => `the number of ${number.way.to} lies on ${box.part.id}`),
    ),
    ...pairs(numbers).flatMap(([a, b]) => (overlaps(a, b) ? [`the numbers of ${a.way.to} and ${b.way.to} lie on each other`] : [])),
    ...numbers.flatMap((number, index) =>
      others(index)
        .filter(({ points, way }) => way.to !== number.way.to && linesOf(points).some((line) => crosses(line, number)))
        .map(({ way }) => `${way.from} -> ${way.to} crosses the number of ${number.way.from} -> ${number.way.to}`),
    ),
  ];
}

function legendFaults(graph: Graph, { width, height }: Drawing, columns: number): string[] {
  const { entries, bottom } = legendOf(graph, width, height, columns);
  const lines = entries.flatMap((entry) => entry.lines);
  const page = { x: 0, y: height, width, height: bottom - height };
  return [
    ...lines.flatMap((line) => (isWithin(areaOf(line), page) ? [] : [`the legend: "${line.text}" leaves the picture`])),
    ...pairs(lines).flatMap(([a, b]) => (overlaps(areaOf(a), areaOf(b)) ? [`the legend: "${a.text}" lies on "${b.text}"`] : [])),
  ];
}

/** The room that a line of text takes. What has no stage has its name in the middle. */
function areaOf({ x, y, style, text }: Line, box?: Box): Area {
  const { size, isBold } = STYLES[style];
  const width = widthOf(text, size, isBold);
  const left = box?.part.stage === '' ? x - width / 2 : x;
  return { x: left + (box?.x ?? 0), y: y - size + 1 + (box?.y ?? 0), width, height: size };
}

function isWithin(inner: Area, outer: Area): boolean {
  return (
    inner.x >= outer.x &&
    inner.y >= outer.y &&
    inner.x + inner.width <= outer.x + outer.width &&
    inner.y + inner.height <= outer.y + outer.height
  );
}

function overlaps(a: Area, b: Area): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

type Segment = readonly [Point, Point];

function linesOf(points: readonly Point[]): Segment[] {
  return points.slice(1).map((point, index) => [points[index]!, point]);
}

/** Whether a line goes through the inside of an area. */
function crosses([[x1, y1], [x2, y2]]: Segment, { x, y, width, height }: Area): boolean {
  return Math.min(x1, x2) < x + width && x < Math.max(x1, x2) && y < y1 && y1 < y + height && y1 === y2
    ? true
    : Math.min(y1, y2) < y + height && y < Math.max(y1, y2) && x < x1 && x1 < x + width && x1 === x2;
}

/** Whether two lines share more than a point. */
function runsAlong([a, b]: Segment, [c, d]: Segment): boolean {
  const shared = (axis: 0 | 1) =>
    Math.min(Math.max(a[axis], b[axis]), Math.max(c[axis], d[axis])) - Math.max(Math.min(a[axis], b[axis]), Math.min(c[axis], d[axis]));
  const areOn = (axis: 0 | 1) => a[axis] === b[axis] && c[axis] === d[axis] && a[axis] === c[axis];
  return (areOn(0) && shared(1) > 0) || (areOn(1) && shared(0) > 0);
}

function isOnEdge([x, y]: Point, box: Area): boolean {
  const isBeside = (x === box.x || x === box.x + box.width) && box.y <= y && y <= box.y + box.height;
  return isBeside || ((y === box.y || y === box.y + box.height) && box.x <= x && x <= box.x + box.width);
}

function pairs<One>(all: readonly One[]): [One, One][] {
  return all.flatMap((a, index) => all.slice(index + 1).map((b): [One, One] => [a, b]));
}
