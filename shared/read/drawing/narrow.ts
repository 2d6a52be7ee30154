import type { Graph, Part, Way } from '../picture';
import { clientContents, contentsOf, labelOf, type Over } from './box';
import { type Cell, gridOf } from './grid';
import { joined } from './routes';
import type { Arrow, Box, Drawing, Point, Shows } from './shapes';
import { type Segment, TRACK, tracksOf } from './tracks';

const MARGIN = 16;
const COLUMN = 300;
const GAP = 34;
/** The room beside the boxes before the first track, for the number of a way. */
const BESIDE = 42;
const PORT = { first: 22, apart: 20 };

/** For a narrow screen: one part below the other, in the order of the stages. Ways that skip a part run beside them. */
export function drawNarrow(graph: Graph, shows: Shows): Drawing {
  const cells = [...gridOf(graph).cells.values()].sort(inOrder);
  const order = new Map(cells.map(({ part }, index) => [part.id, index]));
  const isDead = ({ to }: Way) => cells[order.get(to)!]!.part.isDeadLetter;
  const isNext = ({ from, to }: Way) => order.get(to) === order.get(from)! + 1;
  const beside = graph.ways.filter((way) => !isNext(way));
  const segmentOf = (way: Way): Segment => {
    const key = isDead(way) ? way.to : `${way.from} ${way.to}`;
    return { kind: 'gutter', at: 0, key, from: order.get(way.from)!, to: order.get(way.to)! };
  };
  const tracks = tracksOf(beside.map(segmentOf));
  const ports = portsOf(
    cells.map(({ part }) => part.id),
    beside,
    segmentOf,
  );

  let y = shows.heads ? MARGIN : 34;
  const boxes = cells.map((cell): Box => {
    const over = overOf(cell, cells);
    const { lines, height } = over ? contentsOf(cell.part, COLUMN, shows.facts, over) : clientContents(cell.part, COLUMN);
    const box = { part: cell.part, x: MARGIN, y, width: COLUMN, lines, height: Math.max(height, ports.depth(cell.part.id)) };
    y += box.height + (shows.numbers ? GAP : GAP - 10);
    return box;
  });
  const right = MARGIN + COLUMN;
  const arrows: Arrow[] = [];
  for (const way of graph.ways) {
    const [from, to] = [boxes[order.get(way.from)!]!, boxes[order.get(way.to)!]!];
    const middle = MARGIN + COLUMN / 2;
    const x = right + BESIDE + (isNext(way) ? 0 : tracks.track(segmentOf(way)) * TRACK);
    const start: Point = isNext(way) ? [middle, from.y + from.height] : [right, from.y + ports.out(way)];
    const end: Point = isNext(way) ? [middle, to.y] : [right, to.y + ports.into(way)];
    const corners: Point[] = isNext(way) ? [start, end] : [start, [x, start[1]], [x, end[1]], end];
    const at: Point = isNext(way) ? [middle, start[1] + 13] : isDead(way) ? [right + 16, start[1]] : [right + 23, end[1]];
    const earlier = arrows.filter((arrow) => isDead(way) && !isNext(way) && arrow.way.to === way.to && !isNext(arrow.way));
    const drawn = joined(
      corners,
      earlier.map(({ points }) => points),
    );
    arrows.push({ way, isDead: isDead(way), at, ...drawn });
  }
  const bottom = Math.max(...boxes.map((box) => box.y + box.height));
  const width = right + BESIDE + Math.max(1, tracks.count('gutter', 0)) * TRACK + MARGIN - 8;
  return { width, height: bottom + MARGIN, boxes, arrows, heads: [] };
}

function inOrder(a: Cell, b: Cell): number {
  return Number(a.part.isDeadLetter) - Number(b.part.isDeadLetter) || a.column - b.column || a.row - b.row;
}

function overOf({ part, column }: Cell, cells: readonly Cell[]): Over | undefined {
  if (part.stage === '') return undefined;
  const isAlike = (other: Part) => other !== part && other.isDeadLetter === part.isDeadLetter;
  const isTwice = cells.some((one) => one.column === column && isAlike(one.part));
  const stage = part.isDeadLetter ? 'Dead letter' : part.stage.toUpperCase();
  return { text: isTwice && !part.isDeadLetter ? `${stage} · ${labelOf(part)}` : stage, style: part.isDeadLetter ? 'label' : 'stage' };
}

/** Where ways leave and enter the right side of each part, measured from its top. What leads to one dead letter enters together. */
function portsOf(ids: readonly string[], ways: readonly Way[], segmentOf: (way: Way) => Segment) {
  const entering = (way: Way) => `${way.to} < ${segmentOf(way).key}`;
  const leaving = (way: Way) => `${way.from} > ${way.to}`;
  const ends = new Map(
    ids.map((id) => [
      id,
      [...new Set(ways.flatMap((way) => [...(way.to === id ? [entering(way)] : []), ...(way.from === id ? [leaving(way)] : [])]))],
    ]),
  );
  const place = (id: string, end: string) => PORT.first + PORT.apart * ends.get(id)!.indexOf(end);
  return {
    out: (way: Way) => place(way.from, leaving(way)),
    into: (way: Way) => place(way.to, entering(way)),
    depth: (id: string) => PORT.first + PORT.apart * ends.get(id)!.length,
  };
}
