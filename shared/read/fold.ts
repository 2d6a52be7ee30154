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
