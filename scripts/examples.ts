import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.join(__dirname, '..');

/** Every page that may show an example, by its path from the root. */
export const PAGES: readonly string[] = [
  'README.md',
  ...readdirSync(path.join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md') && !file.startsWith('recipes'))
    .map((file) => `docs/${file.replaceAll(path.sep, '/')}`)
    .sort(),
];

/** Puts into a page, between its marks, what each example file shows. */
export function withExamples(page: string): string {
  return page.replace(
    /(<!-- example: (\S+) -->\n)[\s\S]*?(<!-- \/example -->)/g,
    (_, start, file, end) => `${start}\`\`\`${path.extname(file).slice(1)}\n${shown(file)}\`\`\`\n${end}`,
  );
}

/** The lines that an example file shows: those of code between `docs:start` and `docs:end`, and all of JSON and of Terraform. */
export function shown(file: string): string {
  const text = readFileSync(path.join(ROOT, file), 'utf8');
  if (file.endsWith('.json') || file.endsWith('.tf')) return text;
  const [, lines] = text.match(/\/\/ docs:start\n([\s\S]*?)\/\/ docs:end/) ?? [];
  if (!lines) throw new Error(`${file} has no lines between docs:start and docs:end`);
  return lines;
}
