import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { commit, committed, edit, git, PLAIN_TRANSFORM, run, shown } from '../../support/copies';
import { temporaryFolder } from '../../support/folder';
import { expectText } from '../../support/snapshot';

const STORE = 'aws/store/s3/s3-store.ts';
const TRANSFORM = 'shared/runtime/transform.ts';
const NAMES = ['aws/store/s3', 'aws/buffer/kinesis', 'aws/processing/lambda'];

let root: string;
let app: string;
const read = (file: string) => readFileSync(path.join(app, file), 'utf8');
const mark = () => JSON.parse(read('.blueprints.json'));
const prepend = (line: string) => (text: string) => `${line}\n${text}`;
const write = (folder: string, file: string, text: string) => {
  mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
  writeFileSync(path.join(folder, file), text);
};
const append = (line: string) => (text: string) => `${text}${line}\n`;

/** The commit that each test starts from. */
let start: string;
beforeAll(() => {
  root = committed();
  edit(root, TRANSFORM, () => PLAIN_TRANSFORM);
  git(root, 'commit', '--quiet', '--all', '--allow-empty', '--message', 'A transform');
  start = git(root, 'rev-parse', 'HEAD').trim();
});
beforeEach(async () => {
  git(root, 'reset', '--quiet', '--hard', start);
  app = temporaryFolder();
  expect(await run(root, ...NAMES, app)).toMatchObject({ code: 0 });
});

test('where nothing changed, nothing is done', async () => {
  expect(await run(root, '--diff', app)).toEqual({ code: 0, text: `No changes in this repository and in ${app}.` });
  expect(await run(root, '--update', app)).toEqual({ code: 0, text: `${app} is up to date with ${start.slice(0, 12)}.` });
});

test('a change of this repository and a change of the project in one file are merged, and all others come as they are', async () => {
  edit(root, STORE, append('// From upstream.'));
  edit(root, 'aws/ports/stores.ts', append('// From upstream.'));
  commit(root);
  edit(app, STORE, prepend('// Ours.'));
  edit(app, TRANSFORM, append('// Ours.'));
  const { code, text } = await run(root, '--update', app);
  expect(code).toBe(0);
  expect(read(STORE)).toMatch(/^\/\/ Ours\.\n[\s\S]*\/\/ From upstream\.\n$/);
  expect(text).toContain(`\n  updated   aws/ports/stores.ts\n  merged    ${STORE}\n`);
  expect(read('aws/ports/stores.ts')).toMatch(/\/\/ From upstream\.\n$/);
  expect(read(TRANSFORM)).toMatch(/\/\/ Ours\.\n$/);
  expect(mark().commit).toBe(git(root, 'rev-parse', 'HEAD').trim());
  // A second one has nothing to do, and still knows which files were changed there.
  expect(await run(root, '--update', app)).toMatchObject({ code: 0, text: expect.stringContaining('is up to date') });
  const { files } = JSON.parse((await run(root, '--diff', app, '--json')).text);
  expect(files).toEqual([STORE, TRANSFORM].map((file) => ({ file, upstream: 'same', yours: 'changed' })));
});

test('the same line changed on both sides is a conflict: it is marked and told, and everything else is done', async () => {
  edit(root, TRANSFORM, (text) => text.replace('return event;', 'return [event];'));
  edit(root, STORE, append('// From upstream.'));
  commit(root);
  edit(app, TRANSFORM, (text) => text.replace('return event;', 'return undefined;'));
  const { code, text } = await run(root, '--update', app);
  expect(code).toBe(1);
  expect(text).toContain(`\n  conflict  ${TRANSFORM}\n`);
  expect(text).toContain('\n1 file has a conflict: both sides changed the same lines. Search for <<<<<<< and resolve them.\n');
  expect(read(TRANSFORM)).toContain('<<<<<<< yours\n  return undefined;\n=======\n  return [event];\n>>>>>>> upstream\n');
  expect(read(STORE)).toMatch(/\/\/ From upstream\.\n$/);
  // Until it is solved nothing else is merged into it.
  expect((await run(root, '--update', app)).refused).toBe(`${TRANSFORM} has conflict markers. Resolve the conflict first.`);
});

test('a file that is new comes along, and one that is gone goes, unless it was changed there', async () => {
  // What is left of the store imports one file, and it is new.
  for (const folder of [...NAMES, 'aws/handlers/kinesis-to-s3']) rmSync(path.join(root, folder), { recursive: true });
  rmSync(path.join(root, 'aws/architectures'), { recursive: true });
  const files = readdirSync(path.join(root, 'aws'), { recursive: true, encoding: 'utf8' });
  for (const file of files.filter((one) => path.basename(one) === 'example.ts')) rmSync(path.join(root, 'aws', file), { force: true });
  write(root, STORE, "import '../../ports/new';\n");
  write(root, 'aws/ports/new.ts', 'export const x = 1;\n');
  commit(root);
  edit(app, 'aws/foundation/time.ts', append('// Ours.'));
  rmSync(path.join(app, STORE));
  const { code, text, refused } = await run(root, '--update', app);
  expect({ code, refused }).toEqual({ code: 0 });
  for (const line of [
    'added     aws/ports/new.ts',
    'removed   aws/buffer/kinesis/kinesis-buffer.ts',
    'removed   aws/handlers/kinesis-to-s3/main.ts',
    'kept      aws/foundation/time.ts: it is no longer needed, and you changed it',
    `skipped   ${STORE}: it changed upstream, and you deleted it`,
  ]) {
    expect(text).toContain(`\n  ${line}\n`);
  }
  const there = ['aws/ports/new.ts', 'aws/foundation/time.ts', 'aws/buffer/kinesis/kinesis-buffer.ts', STORE];
  expect(there.filter((file) => existsSync(path.join(app, file)))).toEqual(['aws/ports/new.ts', 'aws/foundation/time.ts']);
  expect(Object.keys(mark().files).sort()).toEqual(['aws/ports/new.ts', STORE]);
});

test('upgrade notes that came since are told: those of the clouds that were copied', async () => {
  edit(root, STORE, append('// From upstream.'));
  const notes = [
    '- A note of before, without what to do.',
    '- AWS: queues are renamed.\n  **Upgrade:** the queue is replaced.',
    '- Azure, GCP: topics are renamed.\n  **Upgrade:** the topic is replaced.',
    '- Events are wider.\n  **Upgrade:** replay first.',
  ];
  edit(root, 'CHANGELOG.md', (text) => text.replace('## Unreleased\n\n', `## Unreleased\n\n${notes.join('\n')}\n`));
  commit(root);
  const { notes: told } = JSON.parse((await run(root, '--update', app, '--dry-run', '--json')).text);
  expect(told).toEqual(['AWS: queues are renamed.\n**Upgrade:** the queue is replaced.', 'Events are wider.\n**Upgrade:** replay first.']);
});

test('--diff shows both sides, and --update --dry-run what would become of them; neither writes', async () => {
  edit(root, STORE, append('// From upstream.'));
  commit(root);
  edit(app, TRANSFORM, append('// Ours.'));
  const before = read('.blueprints.json');
  const diff = await run(root, '--diff', app);
  const update = await run(root, '--update', app, '--dry-run');
  expect([diff.code, update.code]).toEqual([0, 0]);
  expectText('bin/copy/update.txt', shown(`${diff.text}\n\n--- --update --dry-run ---\n\n${update.text}\n`, app));
  expect(read('.blueprints.json')).toBe(before);
  expect(read(STORE)).not.toContain('From upstream');
});

test('a copy of an earlier commit is updated before anything is added to it', async () => {
  edit(root, 'aws/ports/stores.ts', append('// From upstream.'));
  commit(root);
  expect((await run(root, 'aws/buffer/sqs', app)).refused).toBe(
    `The copy in ${app} is of an earlier commit. Run npm run copy -- --update ${app} first.`,
  );
});

test.each<[string, (text: string) => string, RegExp]>([
  [
    'a commit that this clone does not have',
    (text) => text.replace(/"commit": "\w+"/, `"commit": "${'0'.repeat(40)}"`),
    /^This clone has no commit 000000000000, which the copy was made from\. Run git fetch --unshallow, or git fetch --all\.$/,
  ],
  ['what is no JSON', () => '{', /\.blueprints\.json is malformed\. Restore it from your git history\.$/],
  [
    'a path out of the project',
    (text) => text.replace(STORE, `../${STORE}`),
    /\.blueprints\.json is malformed\. Restore it from your git history\.$/,
  ],
])('a mark with %s is refused in one line', async (_, change, message) => {
  edit(app, '.blueprints.json', change);
  expect((await run(root, '--update', app)).refused).toMatch(message);
});

test('a copy that git checked out with other ends of lines is no change', async () => {
  edit(app, STORE, (text) => text.replaceAll('\n', '\r\n'));
  expect((await run(root, '--diff', app)).text).toBe(`No changes in this repository and in ${app}.`);
});
