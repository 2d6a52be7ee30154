import type { Part } from '../picture';
import { wrap, wrapList } from './measure';
import { type Line, STYLES, type Style } from './shapes';

const INSET = { left: 15, right: 9, top: 10, bottom: 11 };
/** The room that the sign for alarms takes before their number. */
const BELL = 13;

/** What stands above the name of a part, and how it looks. */
export interface Over {
  readonly text: string;
  readonly style: Style;
}

/**
 * What stands in the box of a part, measured from its upper left corner: what it is called, and what is told of it.
 * @param facts how many lines are told at most
 */
export function contentsOf(part: Part, width: number, facts: number, over?: Over): { lines: Line[]; height: number } {
  const room = width - INSET.left - INSET.right;
  const lines: Line[] = [];
  let y = INSET.top;
  const add = (style: Style, texts: readonly string[], x = INSET.left) => {
    for (const text of texts) {
      y += STYLES[style].height;
      lines.push({ x, y: y - 4, style, text });
    }
  };
  if (over) add(over.style, wrapped(over.text, over.style, room));
  add('title', wrapped(part.service, 'title', room));
  const tells = part.alarms > 0 ? part.tells.filter((fact) => !/^(alarm|alert) /.test(fact)) : part.tells;
  add('fact', told(tells, facts, room));
  if (part.alarms > 0) add('alarms', [part.alarms === 1 ? '1 alarm' : `${part.alarms} alarms`], INSET.left + BELL);
  return { lines, height: y + INSET.bottom };
}

export function wrapped(text: string, style: Style, room: number): string[] {
  const { size, isBold } = STYLES[style];
  return wrap(text, room, size, isBold);
}

/** A client has nothing but its name, in the middle. */
export function clientContents(part: Part, width: number) {
  return { lines: [{ x: width / 2, y: 20, style: 'route' as const, text: part.service }], height: 32 };
}

/** Facts, one after the other. */
export function listed(facts: readonly string[], room: number): string[] {
  return wrapList(facts, room, STYLES.fact.size);
}

/** As many facts as there is room for, the most important first. */
function told(tells: readonly string[], most: number, room: number): string[] {
  const counts = tells.map((_, index) => tells.length - index);
  const lines = counts.map((count) => listed(tells.slice(0, count), room));
  return lines.find(({ length }) => length <= most) ?? [];
}

/** `Processing heated function` among the functions of Processing is the `heated function`. */
export function labelOf({ name, stage }: Part): string {
  return name.replace(new RegExp(`^(${stage}|Stack) `), '');
}
