import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { strFromU8, unzipSync } from 'fflate';
import { linkPackages } from '../../../bin/installed';
import * as here from '../../../shared/synth/handler-package';
import { temporaryFolder } from '../../support/folder';

const root = path.join(__dirname, '../../..');
const real = 'aws/handlers/kinesis-to-s3';
const handler = 'aws/handlers/small';

/** A copy of the sources in a folder with a space in its name, with other dates, and with an empty cache. */
const copy = temporaryFolder();
for (const entry of ['shared', 'aws/runtime', real, 'tsconfig.json', 'package.json'])
  cpSync(path.join(root, entry), path.join(copy, entry), { recursive: true });
mkdirSync(path.join(copy, handler));
writeFileSync(path.join(copy, handler, 'main.ts'), `export { judge as handler } from '../../../shared/runtime/verdict';\n`);
const needs = { source: 'small', stores: { STORE: ['NAME'] } };
writeFileSync(path.join(copy, handler, 'needs.json'), JSON.stringify(needs));
for (const entry of readdirSync(copy, { recursive: true })) utimesSync(path.join(copy, String(entry)), 1e9, 1e9);
linkPackages(copy);
const { packageHandler }: typeof here = require(path.join(copy, 'shared/synth/handler-package'));

const cache = path.join(copy, 'node_modules/.cache');
const sha256 = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex');

/** What the package of the copy is after a change, once from the cache and once without it. The change is undone. */
function after(file: string, content: string | ((before: string) => string)) {
  const changed = path.join(copy, file);
  const before = typeof content === 'string' ? undefined : readFileSync(changed, 'utf8');
  packageHandler(handler);
  writeFileSync(changed, typeof content === 'string' ? content : content(before!));
  try {
    const { hash, zip } = packageHandler(handler);
    const files = unzipSync(readFileSync(zip));
    rmSync(cache, { recursive: true });
    expect(packageHandler(handler).hash).toBe(hash);
    return { hash, files };
  } finally {
    if (before === undefined) rmSync(changed);
    else writeFileSync(changed, before);
  }
}

const original = packageHandler(handler).hash;

test('the hash is the hash of the zip', () => {
  const { zip, hash } = packageHandler(handler);
  expect([path.isAbsolute(zip), sha256(zip)]).toEqual([true, hash]);
});

test('the same sources give the same bytes in another folder, on another day, in another time zone', () => {
  const script = `process.stdout.write(require('./shared/synth/handler-package').packageHandler('${real}').hash)`;
  const env = { TZ: 'Pacific/Kiritimati', HOME: copy };
  const { stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', '-e', script], { cwd: copy, env, encoding: 'utf8' });
  expect([stdout, stderr]).toEqual([here.packageHandler(real).hash, '']);
});

test('what did not change is not bundled again', () => {
  const { zip } = packageHandler(handler);
  utimesSync(zip, 1e9, 1e9);
  expect(packageHandler(handler)).toMatchObject({ zip, hash: original });
  expect(statSync(zip).mtimeMs).toBe(1e12);
});

test.each([
  ['a source', 'shared/runtime/verdict.ts', (before: string) => before.replace('not UTF-8', 'no UTF-8')],
  ['a setting of the compiler', 'tsconfig.json', (before: string) => before.replace('"es2023"', '"es5"')],
])('a change of %s makes another package', (_, file, change) => {
  expect(after(file, change).hash).not.toBe(original);
  expect(packageHandler(handler).hash).toBe(original);
});

test('a file beside the handler goes along', () => {
  const { hash, files } = after(`${handler}/schema.json`, '{"a":1}');
  expect(hash).not.toBe(original);
  expect(Object.keys(files)).toEqual(['index.js', 'schema.json']);
  expect(strFromU8(files['schema.json']!)).toBe('{"a":1}');
});

test('a package with native code is refused in a line, and nothing is kept of it', () => {
  const main = `${handler}/main.ts`;
  const before = readFileSync(path.join(copy, main), 'utf8');
  writeFileSync(path.join(copy, main), `import { subscribe } from '@parcel/watcher';\nexport const handler = subscribe;\n`);
  try {
    expect(() => packageHandler(handler)).toThrow(
      `${handler} cannot be bundled: the package @parcel/watcher has native code, which is compiled for one platform, and the bundle runs on another. Use a package without native code.`,
    );
  } finally {
    writeFileSync(path.join(copy, main), before);
  }
  expect(packageHandler(handler).hash).toBe(original);
});

test('what it needs is told and stays behind: another need makes the same package', () => {
  expect(packageHandler(handler).needs).toEqual(needs);
  const { hash, files } = after(`${handler}/needs.json`, (before) => before.replace('NAME', 'ADDRESS'));
  expect([hash, Object.keys(files)]).toEqual([original, ['index.js']]);
});

describe('a folder is refused', () => {
  const form =
    'It lists the source that the handler reads and the settings of its stores: { "source": "kinesis", "stores": { "STORE": ["BUCKET", "PREFIX"] } }.';
  const file = path.join(copy, handler, 'needs.json');
  afterEach(() => writeFileSync(file, JSON.stringify(needs)));

  test('without needs.json', () => {
    rmSync(file);
    expect(() => packageHandler(handler)).toThrow(new Error(`${handler}/needs.json is missing. ${form}`));
  });

  test.each([
    ['no JSON', '{'],
    ['a list', '[]'],
    ['nothing of the source', '{"stores":{}}'],
    ['nothing of the stores', '{"source":"kinesis"}'],
    ['a source without a name', '{"source":"","stores":{}}'],
    ['a store without settings', '{"source":"kinesis","stores":{"STORE":[]}}'],
    ['a setting that is no text', '{"source":"kinesis","stores":{"STORE":[1]}}'],
    ['a list of stores', '{"source":"kinesis","stores":["STORE"]}'],
    ['a word too many', '{"source":"kinesis","stores":{},"sink":"s3"}'],
  ])('with needs.json that is %s', (_, text) => {
    writeFileSync(file, text);
    expect(() => packageHandler(handler)).toThrow(new Error(`${handler}/needs.json is malformed. ${form}`));
  });
});

test('a hidden file, such as a desktop leaves behind, does not', () => expect(after(`${handler}/.DS_Store`, 'x').hash).toBe(original));

test.each([
  ['half a zip', () => writeFileSync(packageHandler(handler).zip, 'PK')],
  ['no zip', () => rmSync(packageHandler(handler).zip)],
  ['half a recipe', () => eachRecipe((file) => writeFileSync(file, '{"zip":'))],
  ['no recipe', () => eachRecipe((file) => rmSync(file))],
])('a cache with %s is made anew', (_, harm) => {
  harm();
  const { zip, hash } = packageHandler(handler);
  expect([hash, sha256(zip)]).toEqual([original, original]);
});

function eachRecipe(act: (file: string) => void) {
  const folder = path.dirname(packageHandler(handler).zip);
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.json'))) act(path.join(folder, file));
}
