import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { listBlueprints, renderList, whyNotRun } from '../../bin/list';
import { findBlueprints } from '../../shared/synth/blueprints';
import { temporaryFolder } from '../support/folder';

/** A project with these files, by their paths. */
function project(files: Readonly<Record<string, string>>): string {
  const root = temporaryFolder();
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(path.join(root, path.dirname(file)), { recursive: true });
    writeFileSync(path.join(root, file), text);
  }
  return root;
}

const blueprint = (...imports: readonly string[]) => `throw new Error('loaded');
${imports.map((file) => `import { It } from '${file}';`).join('\n')}
/** A type. */
interface Props {}

/**
 * Events of version 1.0 come in,
 * and end on tape. It is slow.
 */
export class Lake extends Platform {}`;

const facts = (local: unknown) => `exports.facts = { local: ${JSON.stringify(local)}, types: {} };`;

const lake = blueprint(
  'constructs',
  '../ports/records',
  '../connect/hub/hub-entry',
  '../connect/hub/hub-buffer',
  '../store/tape/tape-store',
);

test('a blueprint is listed with its first sentence and the services of each stage, and is not loaded', () => {
  const root = project({ 'gcp/architectures/lake.ts': lake, 'gcp/store/tape/example.ts': blueprint('./tape-store', './tape-part') });
  const what = 'Events of version 1.0 come in, and end on tape.';
  expect(listBlueprints(['gcp'], root)).toEqual([
    { cloud: 'gcp', name: 'lake', what, stages: { Connect: ['hub'], Buffer: ['hub'], Store: ['tape'] } },
    { cloud: 'gcp', name: 'tape', what, stages: { Store: ['tape'] } },
  ]);
});

test('it runs on this machine where each of its services does, and else says which one does not, and why', () => {
  const local = (tape: unknown, hub: unknown) => {
    const all = { 'gcp/store/tape/facts.ts': facts(tape), 'gcp/connect/hub/facts.ts': facts(hub), 'gcp/architectures/lake.ts': lake };
    return listBlueprints(['gcp'], project(all))[0]!.local;
  };
  expect(local('runs', 'runs')).toBe('runs');
  expect(local('runs', undefined)).toBeUndefined();
  expect(local({ not: 'There is no tape here' }, 'runs')).toEqual({ not: { tape: 'There is no tape here' } });
  expect(local({ not: 'There is no reader here', constructs: ['tape-reader'] }, 'runs')).toBe('runs');
});

test('one that does not say what it is is refused', () =>
  expect(() => listBlueprints(['aws'], project({ 'aws/architectures/lake.ts': 'export class Lake {}' }))).toThrow(
    new Error('aws/architectures/lake.ts: the class needs a doc comment whose first sentence says what it creates.'),
  ));

test('the list is read in one look', () => {
  const listed = [
    { cloud: 'aws', name: 'lake', what: 'A lake.', stages: { Buffer: ['a', 'b'], Store: ['tape'] }, local: 'runs' },
    { cloud: 'azure', name: 'pipeline', what: 'A pipe.', stages: {}, local: { not: { tape: 'there is none', hub: 'nor this' } } },
    { cloud: 'gcp', name: 'pipeline', what: 'A pipe.', stages: {} },
  ] as const;
  expect(renderList(listed, Number.POSITIVE_INFINITY)).toBe(
    [
      'AWS',
      '  lake      A lake.',
      '            Buffer: a, b. Store: tape. Runs on this machine',
      '',
      'Azure',
      '  pipeline  A pipe.',
      '            Not run on this machine: tape, hub',
      '',
      'GCP',
      '  pipeline  A pipe.',
    ].join('\n'),
  );
  expect(renderList(listed, 40)).toContain(
    ['  lake      A lake.', '            Buffer: a, b. Store: tape.', '            Runs on this machine'].join('\n'),
  );
});

test('every blueprint that ships is in the list, with a sentence and at least one service of a stage', () => {
  const listed = listBlueprints();
  expect(listed.map(({ cloud, name }) => ({ cloud, name }))).toEqual(findBlueprints().map(({ cloud, name }) => ({ cloud, name })));
  for (const { name, stages, what, local } of listed) {
    // What deploys a platform stands in no stage of one.
    expect(Object.values(stages).flat().length > 0).toBe(name !== 'github');
    expect(what).toMatch(/^[A-Z].{20,200}\.$/);
    expect(whyNotRun(local) ?? '').not.toMatch(/\.(;|$)/);
  }
});
