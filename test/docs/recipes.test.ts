import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { besideOf, findRecipes, pictureOf } from '../../scripts/recipes';
import { eventsOf, findTransforms } from '../../scripts/recipes/transforms';
import { WANTS } from '../../scripts/recipes/wants';

const root = path.join(__dirname, '../..');
const page = readFileSync(path.join(root, 'docs/recipes/README.md'), 'utf8');

test.each(findRecipes().map((recipe) => [recipe.name, recipe] as const))(
  'the recipe %s builds a platform that has a way for events',
  (_, recipe) => {
    const { flow } = pictureOf(recipe);
    expect(flow.filter(({ to }) => to.startsWith('Processing')).length).toBeGreaterThan(0);
  },
);

test('there is a recipe on each cloud', () => {
  expect([...new Set(findRecipes().map(({ cloud }) => cloud))]).toEqual(['aws', 'azure', 'gcp']);
});

test('the table says for each want and each cloud where it is shown, or why not, and leaves no recipe out', () => {
  const clouds = ['aws', 'azure', 'gcp'] as const;
  const shows = ({ recipes, words }: (typeof WANTS)[number], cloud: (typeof clouds)[number]) =>
    (recipes.every ?? recipes[cloud] ?? words?.every ?? words?.[cloud]) !== undefined;
  expect(WANTS.flatMap((want) => clouds.filter((cloud) => !shows(want, cloud)).map((cloud) => `${want.want}: ${cloud}`))).toEqual([]);
  const named = WANTS.flatMap(({ recipes }) => Object.values(recipes).flat());
  expect([...new Set(named)].sort()).toEqual([...findRecipes(), ...findTransforms()].map(({ name }) => name).sort());
});

test('every link of the page leads somewhere: to a heading, which there is once, or to a file', () => {
  const headings = [...page.matchAll(/^## (.*)$/gm)].map(([, title]) =>
    title!
      .toLowerCase()
      .replace(/[^\w -]/g, '')
      .replaceAll(' ', '-'),
  );
  expect(headings).toEqual([...new Set(headings)]);
  const links = [...page.matchAll(/\]\(([^)]*)\)/g)].map(([, link]) => link!);
  const broken = links.filter((link) =>
    link.startsWith('#') ? !headings.includes(link.slice(1)) : !existsSync(path.join(root, 'docs/recipes', link)),
  );
  expect(broken).toEqual([]);
});

test('what goes along with a recipe is on the page', () => {
  const beside = findRecipes().flatMap(besideOf);
  expect(beside).toContain('docs/recipes/aws-python/index.py');
  for (const file of beside) expect(page).toContain(readFileSync(path.join(root, file), 'utf8'));
});

test.each(findTransforms())('the recipe $name comes with a test and with events', (recipe) => {
  expect(existsSync(path.join(root, recipe.test))).toBe(true);
  expect(eventsOf(recipe).map((event) => JSON.parse(event).specversion)).toEqual(['1.0', '1.0']);
});
