import type { Way } from '../picture';
import { type Grid, isStraight } from './grid';
import type { Point } from './shapes';
import type { Segment } from './tracks';

/** Between which columns and rows a way turns. What leads to one dead letter runs together. */
export function routeOf(way: Way, grid: Grid): Segment[] {
  const [a, b] = [grid.cells.get(way.from)!, grid.cells.get(way.to)!];
  if (isStraight(way, grid)) return [];
  const { isDeadLetter } = b.part;
  const segment = (kind: Segment['kind'], at: number, from: number, to: number): Segment => {
    return { kind, at, from, to, key: `${isDeadLetter ? '' : way.from} ${way.to} ${kind} ${at}` };
  };
  const columnAt = (column: number) => 2 * column + 1;
  const rowAt = (row: number) => 2 * row + 1;
  if (!isDeadLetter) {
    if (b.column === a.column + 1) return [segment('gutter', b.column, rowAt(a.row), rowAt(b.row))];
    return [
      segment('gutter', a.column + 1, rowAt(a.row), 2 * b.row),
      segment('lane', b.row, 2 * (a.column + 1), 2 * b.column),
      segment('gutter', b.column, 2 * b.row, rowAt(b.row)),
    ];
  }
  if (b.row === a.row + 1) return [segment('lane', b.row, columnAt(a.column), columnAt(b.column))];
  const gutter = b.column < a.column ? a.column : a.column + 1;
  return [
    segment('lane', a.row + 1, columnAt(a.column), 2 * gutter),
    segment('gutter', gutter, 2 * (a.row + 1), 2 * b.row),
    segment('lane', b.row, 2 * gutter, columnAt(b.column)),
  ];
}

/** The corners of a way that turns into each segment of its route, and out of the last. */
export function cornersOf(start: Point, end: Point, route: readonly Segment[], placeOf: (segment: Segment) => number): Point[] {
  const points: Point[] = [start];
  let [x, y] = start;
  for (const segment of route) {
    if (segment.kind === 'gutter') x = placeOf(segment);
    else y = placeOf(segment);
    points.push([x, y]);
  }
  const last = route.at(-1);
  if (last) points.push(last.kind === 'gutter' ? [x, end[1]] : [end[0], y]);
  return [...points, end];
}

/** Ends a way where it meets one that leads to the same place. */
export function joined(
  points: readonly Point[],
  others: readonly (readonly Point[])[],
): { readonly points: readonly Point[]; readonly joins: boolean } {
  const lines = others.flatMap(linesOf);
  for (const [index, [from, to]] of linesOf(points).entries()) {
    const met = lines.map((line) => meeting([from, to], line)).filter((point) => point !== undefined);
    const [first] = met.sort((a, b) => distance(from, a) - distance(from, b));
    if (first) return { points: [...points.slice(0, index + 1), first], joins: true };
  }
  return { points, joins: false };
}

type Line = readonly [Point, Point];

function linesOf(points: readonly Point[]): Line[] {
  return points.slice(1).map((point, index) => [points[index]!, point]);
}

/** The point of a line that lies on another one and comes first. Lines run along the axes. */
function meeting([from, to]: Line, [start, end]: Line): Point | undefined {
  const within = (value: number, a: number, b: number) => Math.min(a, b) <= value && value <= Math.max(a, b);
  const near = (value: number, a: number, b: number) => Math.min(Math.max(value, Math.min(a, b)), Math.max(a, b));
  const point: Point = [near(from[0], start[0], end[0]), near(from[1], start[1], end[1])];
  const x = start[0] === end[0] ? start[0] : near(point[0], from[0], to[0]);
  const y = start[1] === end[1] ? start[1] : near(point[1], from[1], to[1]);
  return within(x, from[0], to[0]) && within(y, from[1], to[1]) && within(x, start[0], end[0]) && within(y, start[1], end[1])
    ? [x, y]
    : undefined;
}

function distance([x, y]: Point, [otherX, otherY]: Point): number {
  return Math.abs(x - otherX) + Math.abs(y - otherY);
}
