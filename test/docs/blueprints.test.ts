import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { platforms } from '../../bin/list';
import { pictureFiles } from '../../scripts/picture';
import { findBlueprints } from '../../shared/synth/blueprints';

const docs = path.join(__dirname, '../../docs');
const page = readFileSync(path.join(docs, 'blueprints.md'), 'utf8');

test('every picture is of a blueprint, and every platform has one for each width', () => {
  const made = Object.keys(pictureFiles()).filter((file) => file.startsWith('docs/pictures/'));
  expect(readdirSync(path.join(docs, 'pictures')).sort()).toEqual(made.map((file) => path.basename(file)).sort());
  expect(made).toHaveLength(2 * platforms().length);
});

test.each(findBlueprints().map((one) => [`${one.cloud} ${one.name}`, one] as const))('the page shows %s', (title, { file }) => {
  const [, section = ''] = page.split(`\n## ${title}\n`);
  expect(section).toContain(`](../${file})`);
  const isPlatform = platforms().some((one) => one.file === file);
  const pictures = [...section.split('\n## ')[0]!.matchAll(/(?:src|srcset)="([^"]+)"/g)].map(([, name]) => name!);
  expect(pictures.map((name) => readFileSync(path.join(docs, name), 'utf8').slice(0, 5))).toEqual(isPlatform ? ['<svg ', '<svg '] : []);
});
