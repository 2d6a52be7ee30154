import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { App } from 'aws-cdk-lib';
import { blueprintsNamed, build, findBlueprints, readRequest } from '../../../shared/synth/blueprints';
import { temporaryFolder } from '../../support/folder';

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

describe('blueprints are found by their path', () => {
  /** A project with these files, and nothing in them: what is not asked for is not loaded. */
  function project(...files: readonly string[]): string {
    const root = temporaryFolder();
    for (const file of files) {
      mkdirSync(path.join(root, path.dirname(file)), { recursive: true });
      writeFileSync(path.join(root, file), 'throw new Error("loaded");');
    }
    return root;
  }
  const root = project(
    'azure/architectures/pipeline.ts',
    'azure/architectures/lake.ts',
    'gcp/architectures/pipeline.ts',
    'gcp/store/tape/example.ts',
    'gcp/store/tape/tape-store.ts',
  );

  test('a file among the architectures, and the example of a service', () =>
    expect(findBlueprints(['aws', 'azure', 'gcp'], root)).toEqual([
      { cloud: 'azure', name: 'lake', file: 'azure/architectures/lake.ts' },
      { cloud: 'azure', name: 'pipeline', file: 'azure/architectures/pipeline.ts' },
      { cloud: 'gcp', name: 'pipeline', file: 'gcp/architectures/pipeline.ts' },
      { cloud: 'gcp', name: 'tape', file: 'gcp/store/tape/example.ts' },
    ]));

  test('each cloud that has a name builds it', () => {
    const clouds = (name: string) => blueprintsNamed(name, ['aws', 'azure', 'gcp'], root).map(({ cloud }) => cloud);
    expect([clouds('pipeline'), clouds('lake'), clouds('tape')]).toEqual([['azure', 'gcp'], ['azure'], ['gcp']]);
  });

  test.each(['', 'lakes', 'toString'])('"%s" is refused, with those that are known', (name) =>
    expect(() => blueprintsNamed(name, ['azure', 'gcp'], root)).toThrow(
      new Error(
        `the blueprint must be one of lake, pipeline, tape, got "${name}". Leave it out for the minimal pipelines; npm start -- --list shows all.`,
      ),
    ),
  );

  test('two of one cloud with one name are refused', () => {
    const twice = project('aws/architectures/tape.ts', 'aws/store/tape/example.ts');
    expect(() => findBlueprints(['aws'], twice)).toThrow(
      new Error('aws has two blueprints named tape. Rename aws/store/tape/example.ts, or the folder it is in.'),
    );
  });

  test('each one that ships exports one class, which stands in an app under its cloud and its name', () => {
    const found = findBlueprints(['aws']);
    expect(found.map(({ name }) => name)).toContain('pipeline');
    const app = new App({ outdir: temporaryFolder() });
    const made = found.map((blueprint) => build(app, blueprint, {}).node.path);
    expect(made).toEqual(found.map(({ name }) => `aws-${name}`));
  });

  test('one that exports something else is refused', () =>
    expect(() => build(new App(), { cloud: 'aws', name: 'json', file: 'shared/runtime/objects.ts' }, {})).toThrow(
      /^shared\/runtime\/objects\.ts must export one class, got each and hourFolder\.$/,
    ));
});
