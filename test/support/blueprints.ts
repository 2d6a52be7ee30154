import { readdirSync } from 'node:fs';
import path from 'node:path';
import { listBlueprints } from '../../bin/list';
import { renderPage } from '../../bin/page';
import { type Picture, renderAccess, renderFlow } from '../../shared/read/picture';
import { type Blueprint, type Cloud, findBlueprints } from '../../shared/synth/blueprints';
import { faultsOf } from './drawings';
import { expectText } from './snapshot';

const TESTS = path.join(__dirname, '..');

/** The snapshots of a blueprint: beside the tests of its file, and called after it. */
const snapshotOf = ({ file }: Blueprint, what: 'flow' | 'access') => file.replace(/\.ts$/, `.${what}.txt`);

/**
 * Declare what holds for every blueprint of a cloud, those included that come later.
 * @param read synthesizes one, and reads it
 */
export function holdBlueprints(cloud: Cloud, read: (blueprint: Blueprint) => Picture) {
  const found = findBlueprints([cloud]);
  const listed = listBlueprints([cloud]);

  describe.each(found.map((blueprint) => [blueprint.name, blueprint] as const))('%s', (name, blueprint) => {
    let picture: Picture;
    beforeAll(() => {
      picture = read(blueprint);
    });

    test('the way of an event', () => expectText(snapshotOf(blueprint, 'flow'), renderFlow(picture.flow)));

    test('who may do what', () => expectText(snapshotOf(blueprint, 'access'), renderAccess(picture.access)));

    test('its picture: every stage that it has a construct of has a service, and nothing lies on anything else', () => {
      const stages = picture.graph.parts.filter(({ isDeadLetter }) => !isDeadLetter).map(({ stage }) => stage);
      const known = Object.keys(listed.find((one) => one.name === name)!.stages);
      expect(stages).toEqual(known.length > 0 ? expect.arrayContaining(known) : []);
      expect(faultsOf(picture.graph)).toEqual([]);
    });

    test('nothing that is not known is shown to a reader', () => {
      const page = renderPage({ stack: name, template: 'template', deploy: [], differs: {}, ...picture });
      for (const text of [page, renderFlow(picture.flow), JSON.stringify(picture)]) {
        expect(text).not.toMatch(/\b(undefined|null|NaN|Infinity)\b|\[object/);
      }
    });
  });

  test('no snapshot is of a blueprint that is gone', () => {
    const kept = readdirSync(path.join(TESTS, cloud), { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.(flow|access)\.txt$/.test(file))
      .map((file) => path.posix.join(cloud, file.replaceAll(path.sep, '/')));
    const known = found.flatMap((blueprint) => [snapshotOf(blueprint, 'flow'), snapshotOf(blueprint, 'access')]);
    expect(kept.filter((file) => !known.includes(file))).toEqual([]);
  });
}
