import { subjects, weakeningsOf } from '../scripts/weakenings/catch';

// The compiler reads the handlers and their packages once, in the first test.
jest.setTimeout(120_000);

const all = weakeningsOf(subjects());

describe.each([...all].map(([subject, weakenings]) => ({ ...subject, weakenings })))('$stack', ({ objections, weakenings }) => {
  test('nobody objects to it as it ships', async () => expect(await objections()).toEqual([]));

  test('somebody objects to each weakening', async () => {
    const unheard: string[] = [];
    for (const weakening of weakenings) {
      if ((await objections(weakening)).length === 0) unheard.push(`${weakening.of}: ${weakening.name}`);
    }
    expect(unheard).toEqual([]);
  });
});

test('no service is without a weakening', () => {
  expect([...all.values()].flat().length).toBeGreaterThanOrEqual(172);
});
