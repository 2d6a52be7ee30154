import { readFileSync } from 'node:fs';
import path from 'node:path';

const root = path.join(__dirname, '../..');
const page = readFileSync(path.join(root, 'docs/how-an-event-ends.md'), 'utf8');
const named = [...page.matchAll(/`((?:local\/)?test\/[^`]+\.ts)`: "([^"]+)"/g)].map(([, file = '', name = '']) => [file, name] as const);

test('the page names tests of each cloud', () => {
  expect(named.length).toBeGreaterThan(20);
  for (const cloud of ['aws', 'azure', 'gcp']) expect(named.some(([file]) => file.includes(`/${cloud}/`))).toBe(true);
});

test.each(named)('%s has a test called "%s"', (file, name) => {
  const source = readFileSync(path.join(root, file), 'utf8');
  const titles = [...source.matchAll(/(?:^|\s|\))(?:test)?\(?\[?(['"`])((?:(?!\1).)+)\1/gm)].map(([, , title]) => title);
  expect(titles).toContain(name);
});
