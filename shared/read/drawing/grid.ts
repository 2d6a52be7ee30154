import { type Graph, type Part, STAGES, type Way } from '../picture';

/** Where a part stands: the columns are stages, so that they are the same in every picture. */
export interface Cell {
  readonly part: Part;
  readonly column: number;
  readonly row: number;
}

export interface Grid {
  readonly cells: ReadonlyMap<string, Cell>;
  /** The stages of the columns, and nothing for that of the clients. */
  readonly columns: readonly string[];
  readonly rows: number;
  /** From which row on dead letters stand. */
  readonly deadFrom: number;
}

/** The stages that every picture has a column for, whether anything stands there or not. */
const ALWAYS = STAGES.slice(0, 4);

/**
 * Gives each part its place. Parts follow the way of an event from row to row; dead letters stand below all others, each
 * under the first that sends to it.
 */
export function gridOf({ parts, ways }: Graph): Grid {
  const columns = ['', ...STAGES.filter((stage) => ALWAYS.includes(stage) || parts.some((part) => part.stage === stage))];
  const columnOf = (part: Part) => Math.max(0, columns.indexOf(part.stage));
  const byId = new Map(parts.map((part) => [part.id, part]));
  const cells = new Map<string, Cell>();
  const free = new Map<number, number>();

  const place = (part: Part, atLeast: number, column = columnOf(part)) => {
    const row = Math.max(free.get(column) ?? 0, atLeast);
    free.set(column, row + 1);
    cells.set(part.id, { part, column, row });
    return row;
  };
  const follow = (part: Part, atLeast: number) => {
    if (cells.has(part.id) || part.isDeadLetter) return;
    const row = place(part, atLeast);
    const next = ways.filter(({ from }) => from === part.id).map(({ to }) => byId.get(to)!);
    for (const one of next.sort((a, b) => columnOf(a) - columnOf(b))) follow(one, row);
  };
  for (const part of parts) follow(part, 0);

  const deadFrom = Math.max(1, ...free.values());
  for (const part of parts.filter(({ isDeadLetter }) => isDeadLetter)) {
    const sender = ways.map(({ from, to }) => (to === part.id ? cells.get(from) : undefined)).find((cell) => cell !== undefined);
    place(part, deadFrom, sender?.column);
  }
  return { cells, columns, rows: Math.max(...free.values(), 1), deadFrom };
}

/** Whether a way leads straight to the right, or straight down to a dead letter. */
export function isStraight({ from, to }: Way, { cells }: Grid): boolean {
  const [a, b] = [cells.get(from)!, cells.get(to)!];
  const between = (low: number, value: number, high: number) => low < value && value < high;
  const isFree = (inTheWay: (cell: Cell) => boolean) => ![...cells.values()].some(inTheWay);
  if (b.part.isDeadLetter) {
    return a.column === b.column && a.row < b.row && isFree((one) => one.column === a.column && between(a.row, one.row, b.row));
  }
  return a.row === b.row && a.column < b.column && isFree((one) => one.row === a.row && between(a.column, one.column, b.column));
}
