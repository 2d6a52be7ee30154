import type { Graph } from '../picture';
import { type Axes, axesOf } from './axes';
import { clientContents, contentsOf, labelOf } from './box';
import { type Cell, type Grid, gridOf } from './grid';
import { ANCHOR, type Ports, portsOf } from './ports';
import { cornersOf, joined, routeOf } from './routes';
import type { Arrow, Box, Drawing, Head, Point, Shows } from './shapes';
import { type Segment, TRACK, tracksOf } from './tracks';

const COLUMN = 164;
const CLIENT = 60;
/** How far below the top the names of the stages stand. */
const HEAD = 30;

/** The columns are stages, and ways turn between columns and between rows. So none crosses a box, however many there are. */
export function drawWide(graph: Graph, shows: Shows): Drawing {
  const grid = gridOf(graph);
  const cells = [...grid.cells.values()];
  const isDeadLetter = (id: string) => grid.cells.get(id)!.part.isDeadLetter;
  const ports = portsOf(graph, grid, (id) => widthAt(grid.cells.get(id)!.column));
  const routes = new Map(graph.ways.map((way) => [way, routeOf(way, grid)]));
  const tracks = tracksOf([...routes.values()].flat());
  const shapes = new Map(cells.map((cell) => [cell.part.id, shapeOf(cell, grid, ports, shows.facts)]));
  const falls = new Set(graph.ways.flatMap(({ from, to }) => (isDeadLetter(to) ? [grid.cells.get(from)!.row] : [])));
  const axes = axesOf(grid, tracks, falls, widthAt, ({ part }) => shapes.get(part.id)!.bottom, shows);

  const boxes = cells.map(({ part, column, row }): Box => {
    const { top, bottom, lines } = shapes.get(part.id)!;
    return { part, x: axes.columns[column]!, y: axes.rows[row]! + top, width: widthAt(column), height: bottom - top, lines };
  });
  const boxOf = new Map(boxes.map((box) => [box.part.id, box]));
  const placeOf = (segment: Segment) =>
    (segment.kind === 'gutter' ? axes.gutters : axes.lanes)[segment.at]! + tracks.track(segment) * TRACK;
  const arrows: Arrow[] = [];
  for (const way of graph.ways) {
    const [from, to] = [boxOf.get(way.from)!, boxOf.get(way.to)!];
    const rowOf = ({ part }: Box) => axes.rows[grid.cells.get(part.id)!.row]!;
    const isDead = isDeadLetter(way.to);
    const start: Point = isDead ? [from.x + ports.bottom(way), from.y + from.height] : [from.x + from.width, rowOf(from) + ports.out(way)];
    const end: Point = isDead ? [to.x + to.width / 2, to.y] : [to.x, rowOf(to) + ports.into(way)];
    const earlier = arrows.filter((arrow) => isDead && arrow.way.to === way.to).map(({ points }) => points);
    const at: Point = isDead ? [start[0], start[1] + 15] : [end[0] - 23, end[1]];
    arrows.push({ way, isDead, at, ...joined(cornersOf(start, end, routes.get(way)!, placeOf), earlier) });
  }
  return { width: axes.width, height: axes.height, boxes, arrows, heads: shows.heads ? headsOf(grid, axes) : [] };
}

function widthAt(column: number): number {
  return column === 0 ? CLIENT : COLUMN;
}

/** What stands in a box, and where it begins and ends below the top of its row. */
function shapeOf({ part, column }: Cell, grid: Grid, ports: Ports, facts: number) {
  const depth = ports.depth(part.id);
  if (column === 0) {
    const { lines, height } = clientContents(part, CLIENT);
    const top = ANCHOR - height / 2;
    return { top, bottom: Math.max(top + height, depth), lines };
  }
  const isTwice = [...grid.cells.values()].some(
    (one) => one.part !== part && one.column === column && one.part.isDeadLetter === part.isDeadLetter,
  );
  const over = part.isDeadLetter ? 'Dead letter' : isTwice ? labelOf(part) : undefined;
  const { lines, height } = contentsOf(part, COLUMN, facts, over === undefined ? undefined : { text: over, style: 'label' });
  return { top: 0, bottom: Math.max(height, depth), lines };
}

function headsOf({ columns, cells }: Grid, axes: Axes): Head[] {
  return columns.flatMap((stage, column) => {
    const isEmpty = ![...cells.values()].some((cell) => cell.column === column && !cell.part.isDeadLetter);
    if (stage === '') return [];
    return [{ stage, isEmpty, x: axes.columns[column]!, y: HEAD, style: 'stage', text: stage.toUpperCase() }];
  });
}
