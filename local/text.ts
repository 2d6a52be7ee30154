import { columns } from '../shared/read/fold';

/** A label, and a command to copy. A long command continues in the next line after a backslash. */
export function foldCommand(label: string, command: string, width = columns()): string[] {
  if (label.length + command.length + 3 <= width) return [`  ${label} ${command}`];
  const lines: string[] = [];
  for (const word of command.match(/(?:'[^']*'|[^\s'])+/g) ?? []) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length + 7 <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return [`  ${label.trimEnd()}`, ...lines.map((line, index) => `    ${line}${index < lines.length - 1 ? ' \\' : ''}`)];
}

/** `1 call`, `1,050 calls`. */
export function many(count: number, one: string, several = `${one}s`): string {
  return `${number(count)} ${count === 1 ? one : several}`;
}

export function number(value: number): string {
  return value.toLocaleString('en-US');
}
