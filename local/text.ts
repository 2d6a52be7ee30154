const NARROWEST = 60;
/** The width for a pipe, which has no width. */
const OF_A_PIPE = 100;

/** The width for text: that of the terminal, or `COLUMNS`. */
export function columns(): number {
  const found = process.stdout.columns ?? Number(process.env.COLUMNS);
  return found > 0 ? Math.max(NARROWEST, found) : OF_A_PIPE;
}

/** Wrap a line. The following lines are indented to the column after the first gap of two spaces. */
export function fold(line: string, width = columns()): string[] {
  const [before] = /^ *(?:\S+(?: \S+)* {2,})?/.exec(line)!;
  const hang = before.length <= width / 2 ? before.length : /^ */.exec(line)![0].length;
  const lines: string[] = [];
  let rest = line;
  while (rest.length > width) {
    const indent = lines.length === 0 ? before.length : hang;
    const space = rest.lastIndexOf(' ', width);
    const slash = rest.lastIndexOf('/', width - 1) + 1;
    const end = [space, slash].find((found) => found > indent) ?? width;
    lines.push(rest.slice(0, end).trimEnd());
    rest = `${' '.repeat(hang)}${rest.slice(end).trimStart()}`;
  }
  return [...lines, rest];
}

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
