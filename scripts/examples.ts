import { readFileSync } from 'node:fs';
import path from 'node:path';

/** Puts into a page, between its marks, what each example file shows: the lines between `docs:start` and `docs:end`. */
export function withExamples(page: string): string {
  return page.replace(
    /(<!-- example: (\S+) -->\n)[\s\S]*?(<!-- \/example -->)/g,
    (_, start, file, end) => `${start}\`\`\`ts\n${shown(file)}\`\`\`\n${end}`,
  );
}

function shown(file: string): string {
  const [, lines] = readFileSync(path.join(__dirname, '..', file), 'utf8').match(/\/\/ docs:start\n([\s\S]*?)\/\/ docs:end/) ?? [];
  if (!lines) throw new Error(`${file} has no lines between docs:start and docs:end`);
  return lines;
}
