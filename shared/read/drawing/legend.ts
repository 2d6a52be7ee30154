import type { Graph, Part, Way } from '../picture';
import { labelOf, listed, wrapped } from './box';
import { type Line, type Point, STYLES } from './shapes';

const MARGIN = 24;
const GAP = 32;
const INDENT = 26;
const APART = 10;

/** What is said of a numbered way below a drawing. */
interface Entry {
  readonly number: number;
  readonly at: Point;
  readonly isDead: boolean;
  readonly lines: readonly Line[];
}

/** Ways of which something is said, with their numbers. */
export function numbersOf({ ways }: Graph): ReadonlyMap<Way, number> {
  return new Map(ways.filter(({ how }) => how.length > 0).map((way, index) => [way, index + 1]));
}

/** What is handed over at each numbered way, in columns that begin at a height. */
export function legendOf(graph: Graph, width: number, top: number, columns: number): { entries: Entry[]; bottom: number } {
  const numbers = [...numbersOf(graph)];
  const room = (width - 2 * MARGIN - (columns - 1) * GAP) / columns;
  const inColumn = Math.ceil(numbers.length / columns);
  let y = top;
  let bottom = top;
  const entries = numbers.map(([{ from, to, how }, number], index): Entry => {
    if (index % inColumn === 0) y = top + 18;
    const x = MARGIN + Math.floor(index / inColumn) * (room + GAP);
    const at: Point = [x + 8, y + 8];
    const texts = [
      ...wrapped(`${calledIn(graph, from)} → ${calledIn(graph, to)}`, 'route', room - INDENT).map((text) => ({
        style: 'route' as const,
        text,
      })),
      ...listed(how.join('; ').split(', '), room - INDENT).map((text) => ({ style: 'fact' as const, text })),
    ];
    const lines = texts.map((line): Line => {
      y += STYLES[line.style].height;
      return { ...line, x: x + INDENT, y: y - 4 };
    });
    y += APART;
    bottom = Math.max(bottom, y + 8);
    return { number, at, isDead: partOf(graph, to).isDeadLetter, lines };
  });
  return { entries, bottom };
}

/** A service, and which of several where a stage has several. */
function calledIn(graph: Graph, id: string): string {
  const part = partOf(graph, id);
  if (part.isDeadLetter) return `${part.service} dead letter`;
  const isTwice = graph.parts.some((one) => one !== part && !one.isDeadLetter && one.stage === part.stage && one.service === part.service);
  return isTwice ? `${part.service} ${labelOf(part)}` : part.service;
}

function partOf({ parts }: Graph, id: string): Part {
  return parts.find((part) => part.id === id)!;
}
