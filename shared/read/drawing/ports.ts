import type { Graph, Way } from '../picture';
import { type Grid, isStraight } from './grid';

/** Where a straight way leaves and enters a row, measured from its top, and how far ways are apart. */
export const ANCHOR = 30;
const PORT = 20;
/** How far ways to dead letters are apart. */
const DOWN = 24;

/** Where ways leave and enter the parts of a grid. */
export interface Ports {
  /** On the right side, measured from the top of the row. */
  out(way: Way): number;
  /** On the left side, measured from the top of the row. */
  into(way: Way): number;
  /** On the lower side, measured from the left, for a way to a dead letter. */
  bottom(way: Way): number;
  /** How far down from the top of its row a part must reach, so that its ways touch it. */
  depth(id: string): number;
}

/**
 * Gives each way its place on each side of a part. On one side no two are the same, and those that leave never lie on a line
 * with those that enter the part beside it.
 */
export function portsOf({ ways }: Graph, grid: Grid, widthOf: (id: string) => number): Ports {
  const outs = new Map<Way, number>();
  const ins = new Map<Way, number>();
  const bottoms = new Map<Way, number>();
  const cell = (id: string) => grid.cells.get(id)!;
  const isDead = ({ to }: Way) => cell(to).part.isDeadLetter;
  const rises = ({ from, to }: Way) => cell(to).row <= cell(from).row;
  const comesFromAbove = ({ from, to }: Way) => cell(from).row < cell(to).row || cell(from).column !== cell(to).column - 1;

  for (const id of grid.cells.keys()) {
    const leaving = ways.filter((way) => way.from === id && !isDead(way));
    const entering = ways.filter((way) => way.to === id && !isDead(way));
    const fallen = ways.filter((way) => way.from === id && isDead(way));
    const straight = (of: readonly Way[]) => of.filter((way) => isStraight(way, grid));
    const turning = (of: readonly Way[], isUpper: (way: Way) => boolean) =>
      upperFirst(
        of.filter((way) => !isStraight(way, grid)),
        isUpper,
        grid,
      );

    for (const way of straight(leaving)) outs.set(way, ANCHOR);
    placed(
      outs,
      turning(leaving, rises),
      ANCHOR + PORT / 2,
      leaving.some((way) => rises(way) && !outs.has(way)) ? ANCHOR - PORT / 2 : undefined,
    );
    for (const way of straight(entering)) ins.set(way, ANCHOR);
    const hasStraight = straight(entering).length > 0;
    const isOneAbove = entering.some((way) => comesFromAbove(way) && !ins.has(way));
    placed(
      ins,
      turning(entering, comesFromAbove),
      hasStraight ? ANCHOR + PORT : ANCHOR,
      hasStraight && isOneAbove ? ANCHOR - PORT : undefined,
    );

    const middle = widthOf(id) / 2;
    const isLeft = ({ to }: Way) => cell(to).column < cell(id).column;
    for (const way of straight(fallen)) bottoms.set(way, middle);
    for (const side of [-1, 1]) {
      const aside = fallen.filter((way) => !bottoms.has(way) && isLeft(way) === side < 0);
      const apart = Math.min(DOWN, (middle - 6) / aside.length);
      for (const [index, way] of aside.entries()) bottoms.set(way, middle + side * apart * (index + 1));
    }
  }
  return {
    out: (way) => outs.get(way)!,
    into: (way) => ins.get(way)!,
    bottom: (way) => bottoms.get(way)!,
    depth: (id) =>
      Math.max(
        0,
        ...ways.flatMap((way) => [way.from === id ? (outs.get(way) ?? 0) + 14 : 0, way.to === id ? (ins.get(way) ?? 0) + 14 : 0]),
      ),
  };
}

/** Those that lead up or come from above first, and of each those whose other end is near. */
function upperFirst(ways: readonly Way[], isUpper: (way: Way) => boolean, { cells }: Grid): Way[] {
  const distance = ({ from, to }: Way) => Math.abs(cells.get(to)!.row - cells.get(from)!.row);
  return [...ways].sort((a, b) => Number(isUpper(b)) - Number(isUpper(a)) || distance(a) - distance(b));
}

/** One above a straight way where there is room for one, and all others below. */
function placed(ports: Map<Way, number>, ordered: readonly Way[], first: number, above: number | undefined) {
  for (const [index, way] of ordered.entries()) {
    const below = above === undefined ? index : index - 1;
    ports.set(way, below < 0 ? above! : first + PORT * below);
  }
}
