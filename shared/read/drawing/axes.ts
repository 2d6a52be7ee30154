import type { Cell, Grid } from './grid';
import type { Shows } from './shapes';
import { TRACK, type Tracks } from './tracks';

const MARGIN = 24;
/** Room between two columns, which grows where many ways turn in it. */
const GUTTER = 54;
const LANE = 30;
/** The room that a number takes: before the tip of an arrow, and below a box. */
const NUMBER = { before: 42, below: 24 };
/** The room above the first row, with the names of the stages and without. */
const TOP = { heads: 44, plain: 34 };

/** Where columns and rows begin, and the first track of each gutter and lane between them. */
export interface Axes {
  readonly columns: readonly number[];
  readonly gutters: readonly number[];
  readonly rows: readonly number[];
  readonly lanes: readonly number[];
  readonly width: number;
  readonly height: number;
}

/**
 * Measures a grid: a gutter before each column and behind the last, and a lane above each row and below the last.
 * @param falls from which rows something goes to a dead letter
 */
export function axesOf(
  { cells, columns, rows }: Grid,
  tracks: Tracks,
  falls: ReadonlySet<number>,
  widthAt: (column: number) => number,
  bottomOf: (cell: Cell) => number,
  shows: Shows,
): Axes {
  const across = { starts: [] as number[], gaps: [] as number[] };
  let x = MARGIN;
  for (let column = 0; column <= columns.length; column++) {
    const isInner = column > 0 && column < columns.length;
    const count = tracks.count('gutter', column);
    across.gaps.push(x + 10);
    if (isInner || count > 0) x += Math.max(GUTTER, count * TRACK + NUMBER.before);
    if (column === columns.length) break;
    across.starts.push(x);
    x += widthAt(column);
  }

  const down = { starts: [] as number[], gaps: [] as number[] };
  let y = shows.heads ? TOP.heads : TOP.plain;
  for (let row = 0; row <= rows; row++) {
    const isInner = row > 0 && row < rows;
    const count = tracks.count('lane', row);
    const numbered = shows.numbers && falls.has(row - 1) ? NUMBER.below : 0;
    down.gaps.push(y + numbered + (row === 0 ? 4 : 12));
    if (isInner || count > 0) y += Math.max(isInner ? LANE : 0, count * TRACK) + numbered + (count > 1 || row === 0 ? 6 : 0);
    if (row === rows) break;
    down.starts.push(y);
    y += Math.max(0, ...[...cells.values()].filter((cell) => cell.row === row).map(bottomOf));
  }
  return { columns: across.starts, gutters: across.gaps, rows: down.starts, lanes: down.gaps, width: x + MARGIN, height: y + MARGIN };
}
