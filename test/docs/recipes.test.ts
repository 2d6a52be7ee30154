import { findRecipes, pictureOf } from '../../scripts/recipes';

test.each(findRecipes().map((recipe) => [recipe.name, recipe] as const))(
  'the recipe %s builds a platform that has a way for events',
  (_, recipe) => {
    const { flow } = pictureOf(recipe);
    expect(flow.filter(({ to }) => to === 'Processing').length).toBeGreaterThan(0);
  },
);

test('there is a recipe on each cloud', () => {
  expect([...new Set(findRecipes().map(({ cloud }) => cloud))]).toEqual(['aws', 'azure', 'gcp']);
});
