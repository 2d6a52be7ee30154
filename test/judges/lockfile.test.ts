import { readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { parse } from 'yaml';
import { findInLock, findTwice, type Lockfile, lockfile, type Manifest } from '../../scripts/judges/lockfile';

const root = path.join(__dirname, '../..');

test('the lockfiles of this project are the only source of versions', async () => {
  const verdicts = await lockfile.run();
  expect(verdicts.map(({ subject }) => subject)).toEqual([
    'package-lock.json',
    'local/package-lock.json',
    ...ts.sys
      .readDirectory(root, ['package-lock.json'], ['node_modules'], ['*/handlers'])
      .map((file) => path.dirname(path.relative(root, file)))
      .sort()
      .map((folder) => `${folder}/package-lock.json`),
    'package.json',
  ]);
  expect(verdicts.flatMap(({ findings }) => findings).filter(({ reason }) => reason === undefined)).toEqual([]);
});

test('pnpm-workspace.yaml says to pnpm what package.json says to npm', () => {
  const { allowScripts, overrides, devDependencies } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  const versions = Object.keys(overrides).map((name) => [name, devDependencies[name]]);
  expect(parse(readFileSync(path.join(root, 'pnpm-workspace.yaml'), 'utf8'))).toEqual({
    allowBuilds: allowScripts,
    overrides: Object.fromEntries(versions),
  });
});

const manifest: Manifest = { dependencies: { a: '1.0.0' }, devDependencies: { b: '2.0.0-rc.1' }, allowScripts: { b: false } };
const packages: Lockfile['packages'] = {
  '': {},
  'node_modules/a': { version: '1.0.0', integrity: 'sha512-a', optionalDependencies: { 'a-win': '1.0.0' } },
  'node_modules/a/node_modules/c': { version: '3.0.0', inBundle: true },
  'node_modules/b': { version: '2.0.0-rc.1', integrity: 'sha512-b', hasInstallScript: true },
};
const found = (change: { manifest?: Manifest; packages?: Lockfile['packages']; lockfileVersion?: number } = {}) =>
  findInLock(change.manifest ?? manifest, {
    lockfileVersion: change.lockfileVersion ?? 3,
    packages: { ...packages, ...change.packages },
  }).map(({ rule, where, reason }) => `${rule} ${where}${reason ? ': answered' : ''}`);

test('nothing is found where all is well', () => expect(found()).toEqual([]));

test.each<[string, Parameters<typeof found>[0], string[]]>([
  ['an address', { packages: { 'node_modules/d': { resolved: 'https://x/d.tgz', integrity: 'sha512-d' } } }, ['resolved node_modules/d']],
  ['a package without a checksum', { packages: { 'node_modules/d': { version: '1.0.0' } } }, ['integrity node_modules/d']],
  [
    'a package of another platform',
    { packages: { 'node_modules/a-win': { version: '1.0.0', optional: true, os: ['win32'] } } },
    ['integrity 1 packages of other platforms: answered'],
  ],
  [
    'one that nobody asks for in this version',
    { packages: { 'node_modules/a-win': { version: '1.0.1', optional: true, os: ['win32'] } } },
    ['integrity node_modules/a-win'],
  ],
  [
    'one that every platform takes',
    { packages: { 'node_modules/a-win': { version: '1.0.0', optional: true } } },
    ['integrity node_modules/a-win'],
  ],
  [
    'a script that nobody has looked at',
    { packages: { 'node_modules/a/node_modules/@x/d': { version: '1.0.0', integrity: 'sha512-d', hasInstallScript: true } } },
    ['install-script node_modules/a/node_modules/@x/d'],
  ],
  ['a script that runs', { manifest: { ...manifest, allowScripts: { b: true } } }, ['install-script b']],
  ['a script that is gone', { manifest: { ...manifest, allowScripts: { b: false, e: false } } }, ['stale e']],
  ['a range', { manifest: { ...manifest, dependencies: { a: '^1.0.0' } } }, ['exact-version a', 'lock a']],
  ['an address in package.json', { manifest: { ...manifest, dependencies: { a: 'github:x/a' } } }, ['exact-version a', 'lock a']],
  ['a version that is not locked', { manifest: { ...manifest, dependencies: { a: '1.0.1' } } }, ['lock a']],
  ['an older kind of lockfile', { lockfileVersion: 2 }, ['version lockfileVersion']],
])('%s is found', (_, change, findings) => expect(found(change)).toEqual(findings));

test('a dependency that two packages name has one version', () => {
  const other = (version: string): Manifest => ({ dependencies: { a: version } });
  expect(findTwice({ '.': manifest, local: other('1.0.0') })).toEqual([]);
  expect(findTwice({ '.': manifest, local: other('1.0.1') })).toEqual([
    { rule: 'same-version', where: 'a', what: '1.0.0 in ., 1.0.1 in local' },
  ]);
});
