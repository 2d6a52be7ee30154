import { type Graph, type Part, STAGES } from '../picture';
import { wrapped } from './box';
import { widthOf } from './measure';
import { type Arrow, type Box, type Drawing, type Head, type Line, type Point, STYLES } from './shapes';

const WIDTH = 390;
const MARGIN = 16;
const APART = 10;
const INSET = { left: 13, right: 6, top: 6, bottom: 10 };
/** What dead letters are called among the stages. */
const DEAD = 'Dead letter';

/** For a narrow screen: several platforms beside each other, with nothing but the services of each stage. */
export function drawMatrix(graphs: readonly Graph[], top: number): Drawing {
  const rowOf = ({ stage, isDeadLetter }: Part) => (isDeadLetter ? DEAD : stage);
  const rows = [...STAGES, DEAD].filter((row) => graphs.some(({ parts }) => parts.some((part) => rowOf(part) === row)));

  const heads: Head[] = [];
  const boxes: Box[] = [];
  const arrows: Arrow[] = [];
  const above = new Map<number, Box>();
  let y = top;
  for (const row of rows) {
    y += 26;
    const head: Head = { stage: row === DEAD ? 'dead' : row, isEmpty: false, x: MARGIN, y: y - 7, style: 'stage', text: row.toUpperCase() };
    heads.push(head);
    const made = graphs.map(({ parts }) =>
      servicesIn(
        parts.filter((part) => rowOf(part) === row),
        columnOf(0, graphs.length).width,
      ),
    );
    const height = Math.max(...made.map((one) => one.height));
    for (const [index, { part, lines }] of made.entries()) {
      if (!part) continue;
      const { left, width } = columnOf(index, graphs.length);
      const box: Box = { part, x: left, y, width, height, lines };
      const before = above.get(index);
      // Beside the name of the stage, where there is room.
      const x = left + width - 14;
      const isFree = x > MARGIN + widthOf(head.text, STYLES.stage.size, true) + head.text.length;
      if (before && row !== DEAD && isFree) arrows.push(straight(before, box, x));
      boxes.push(box);
      above.set(index, box);
    }
    y += height;
  }
  return { width: WIDTH, height: y + MARGIN, boxes, arrows, heads };
}

function straight({ part, y, height }: Box, to: Box, x: number): Arrow {
  const [start, end]: [Point, Point] = [
    [x, y + height],
    [x, to.y],
  ];
  return { way: { from: part.id, to: to.part.id, how: [] }, points: [start, end], at: start, isDead: false, joins: false };
}

/** Where one of several platforms stands. */
export function columnOf(index: number, count: number) {
  const width = (WIDTH - 2 * MARGIN - (count - 1) * APART) / count;
  return { left: MARGIN + index * (width + APART), width };
}

/** The services of a stage, each named once, one below the other. */
function servicesIn(parts: readonly Part[], width: number) {
  const services = [...new Set(parts.map(({ service }) => service))];
  const texts = services.flatMap((service) => wrapped(service, 'route', width - INSET.left - INSET.right));
  const lines = texts.map(
    (text, index): Line => ({ x: INSET.left, y: INSET.top + STYLES.route.height * (index + 1) - 3, style: 'route', text }),
  );
  return { part: parts[0], lines, height: INSET.top + STYLES.route.height * Math.max(1, texts.length) + INSET.bottom };
}
