import { type Blueprints, build, readRequest } from '../../../shared/synth/blueprints';

describe('a request', () => {
  test('is the minimal pipeline and keeps its data, unless it says otherwise', () =>
    expect(readRequest({})).toEqual({ blueprint: 'pipeline', options: { removal: undefined } }));

  test('names a blueprint, and what happens to data', () =>
    expect(readRequest({ BLUEPRINT: 'lake', REMOVAL: 'destroy' })).toEqual({ blueprint: 'lake', options: { removal: 'destroy' } }));

  test.each(['', 'DESTROY', 'delete'])('is refused with REMOVAL "%s"', (REMOVAL) =>
    expect(() => readRequest({ REMOVAL })).toThrow(
      new Error(`REMOVAL must be retain or destroy, got "${REMOVAL}". Leave it out to keep the data when a stack is deleted.`),
    ),
  );
});

describe('a blueprint', () => {
  /** Two clouds that note what they build. */
  const cloud = (name: string, ...blueprints: string[]): Blueprints<string[]> =>
    Object.fromEntries(blueprints.map((blueprint) => [blueprint, (app, { removal }) => app.push(`${name} ${blueprint} ${removal}`)]));
  const clouds = [cloud('azure', 'pipeline', 'lake'), cloud('gcp', 'pipeline')];

  test.each([
    ['pipeline', ['azure pipeline retain', 'gcp pipeline retain']],
    ['lake', ['azure lake retain']],
  ])('%s is built on every cloud that has it', (blueprint, built) => {
    const app: string[] = [];
    build(app, clouds, { blueprint, options: { removal: 'retain' } });
    expect(app).toEqual(built);
  });

  test.each(['', 'lakes', 'toString'])('"%s" is refused, with those that are known', (blueprint) =>
    expect(() => build([], clouds, { blueprint, options: {} })).toThrow(
      new Error(
        `the blueprint must be one of pipeline, lake, got "${blueprint}". Leave BLUEPRINT and -c blueprint out for the minimal pipelines.`,
      ),
    ),
  );
});
