import { readFileSync } from 'node:fs';
import path from 'node:path';
import { listBlueprints } from '../bin/list';
import { findConstructs } from '../scripts/constructs';
import { servicesOf } from '../scripts/cost/service';
import { JUDGES } from '../scripts/judges/all';
import { settingsPage } from '../scripts/settings';
import { CLOUDS, findBlueprints } from '../shared/synth/blueprints';

// What no blueprint has, no check sees: they go over blueprints. Each says itself which one it did not reach: npm run prove.

const root = path.join(__dirname, '..');
const constructs = findConstructs();
const made = findBlueprints().map(({ file }) => readFileSync(path.join(root, file), 'utf8'));

test('every construct stands in a blueprint', () => {
  const alone = constructs.filter(({ name, isAbstract }) => !isAbstract && !made.some((text) => text.includes(`new ${name}(`)));
  // A platform makes the provider and the site for whatever stands in it.
  expect(alone.map(({ name }) => name)).toEqual(['AzureProvider', 'AzureSite', 'ProjectSite']);
});

test('every service is in the list of what can be built', () => {
  const listed = listBlueprints().flatMap(({ cloud, stages }) =>
    Object.values(stages).flatMap((names) => names.map((name) => `${cloud} ${name}`)),
  );
  const services = servicesOf()
    .map((folder) => folder.split('/'))
    .map(([cloud, , name]) => `${cloud} ${name}`);
  expect([...new Set(services)].filter((service) => !listed.includes(service))).toEqual([]);
});

test('every construct is on the page of settings', () => {
  const page = settingsPage();
  expect(constructs.filter(({ name, file }) => !page.includes(`### [${name}](../${file})`)).map(({ name }) => name)).toEqual([]);
});

test('every cloud has judges, and only judges of packages and of scripts look at no blueprint', () => {
  for (const cloud of CLOUDS) expect(JUDGES.filter(({ blueprintsOf }) => blueprintsOf.includes(cloud)).length).toBeGreaterThanOrEqual(4);
  expect(JUDGES.filter(({ blueprintsOf }) => blueprintsOf.length === 0).map(({ name }) => name)).toEqual([
    'lockfiles',
    'licences',
    'Spark 3.5.6',
    'npm audit',
  ]);
});
