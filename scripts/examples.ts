import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.join(__dirname, '..');

/** Every page that may show an example, by its path from the root. */
export const PAGES: readonly string[] = [
  'README.md',
  ...readdirSync(path.join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => `docs/${file.replaceAll(path.sep, '/')}`)
    .sort(),
];

/** Puts into a page, between its marks, what each example file shows: the lines between `docs:start` and `docs:end`. */
export function withExamples(page: string): string {
  return page.replace(
    /(<!-- example: (\S+) -->\n)[\s\S]*?(<!-- \/example -->)/g,
    (_, start, file, end) => `${start}\`\`\`ts\n${shown(file)}\`\`\`\n${end}`,
  );
}

function shown(file: string): string {
  const [, lines] = readFileSync(path.join(ROOT, file), 'utf8').match(/\/\/ docs:start\n([\s\S]*?)\/\/ docs:end/) ?? [];
  if (!lines) throw new Error(`${file} has no lines between docs:start and docs:end`);
  return lines;
}
