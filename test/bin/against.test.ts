import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { StackChanges } from '../../bin/against';
import { renderChanges, renderMarkdown, touchesData, verdictOf } from '../../bin/against-page';
import { withRef } from '../../bin/ref';
import { scripts } from '../../package.json';
import { type Change, countsOf } from '../../shared/read/changes';
import { clone } from '../support/clone';
import { temporaryFolder } from '../support/folder';
import { expectText } from '../support/snapshot';

const AS = ['-c', 'user.name=a', '-c', 'user.email=a@example.com', '-c', 'commit.gpgsign=false'];
const git = (folder: string, ...args: string[]) => {
  const { status, stdout, stderr } = spawnSync('git', [...AS, ...args], { cwd: folder, encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return stdout.trim();
};

/** A repository of some files, committed. */
function repository(folder: string, files: Readonly<Record<string, string>> = {}): string {
  for (const [file, text] of Object.entries(files)) writeFileSync(path.join(folder, file), text);
  writeFileSync(path.join(folder, '.gitignore'), 'node_modules\ncdk.out\ncdktf.out\n');
  git(folder, 'init', '--quiet', '--initial-branch=main');
  git(folder, 'add', '.');
  git(folder, 'commit', '--quiet', '--message=first');
  return folder;
}

function leftBehind(): string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith('against-'));
}

describe('npm start -- aws --against main, where the working tree renames the store and widens a permission', () => {
  let cwd: string;
  beforeAll(() => {
    cwd = repository(clone());
    const edit = (file: string, from: string, to: string) => {
      const text = readFileSync(path.join(cwd, file), 'utf8');
      expect(text).toContain(from);
      writeFileSync(path.join(cwd, file), text.replace(from, to));
    };
    edit(
      'aws/architectures/pipeline.ts',
      "new S3Store(this, 'Store', { removal })",
      "new S3Store(this, 'Store', { removal, prefix: 'raw/' })",
    );
    edit(
      'aws/architectures/pipeline.ts',
      "new KinesisBuffer(this, 'Buffer', { removal })",
      "new KinesisBuffer(this, 'Stream', { removal })",
    );
  });

  const run = (...args: string[]) =>
    spawnSync(process.execPath, [...scripts.start.split(' ').slice(1), 'aws', '--against', 'main', ...args], {
      cwd,
      env: { PATH: process.env.PATH, NO_COLOR: '1' },
      encoding: 'utf8',
    });

  test('writes a comment that says first what becomes of data, ends with 3, and leaves nothing behind', () => {
    const before = leftBehind();
    const { status, stdout, stderr } = run('--markdown');
    expect(stderr).toMatch(/^Synthesizing AWS \.\.\. [\d.]+ s\nSynthesizing AWS of main \.\.\. [\d.]+ s\n$/);
    expectText('bin/against.md', stdout.replace(/main \([0-9a-f]{12}\)/, 'main (<commit>)'));
    expect(status).toBe(3);
    expect(leftBehind().filter((name) => !before.includes(name))).toEqual([]);
    expect(git(cwd, 'worktree', 'list').split('\n')).toHaveLength(1);
  });
});

describe('another commit', () => {
  const lock = (version: string) => JSON.stringify({ packages: { '': { version: '1' }, 'node_modules/a': { version } } });

  test('is what was committed, with the packages that are installed here, and is gone afterwards', () => {
    const root = repository(temporaryFolder(), { 'a.txt': 'committed', 'package-lock.json': lock('1.0.0') });
    writeFileSync(path.join(root, 'a.txt'), 'changed');
    const folder = withRef(
      'main',
      (checkout) => {
        expect(readFileSync(path.join(checkout.folder, 'a.txt'), 'utf8')).toBe('committed');
        const linked = readdirSync(path.join(checkout.folder, 'node_modules'));
        expect([linked.includes('aws-cdk-lib'), linked.includes('.cache')]).toEqual([true, false]);
        expect(checkout).toMatchObject({ commit: git(root, 'rev-parse', 'HEAD'), notes: [] });
        return checkout.folder;
      },
      root,
    );
    expect(existsSync(folder)).toBe(false);
    expect(git(root, 'status', '--porcelain')).toBe('M a.txt');
  });

  test('is gone after a fault too', () => {
    const root = repository(temporaryFolder(), { 'package-lock.json': lock('1.0.0') });
    let folder = '';
    const fail = () =>
      withRef(
        'main',
        (checkout) => {
          folder = checkout.folder;
          throw new Error('it does not synthesize');
        },
        root,
      );
    expect(fail).toThrow(new Error('it does not synthesize'));
    expect(existsSync(folder)).toBe(false);
  });

  test('is refused in one line where this clone does not have it', () => {
    const root = repository(temporaryFolder());
    for (const ref of ['nowhere', '--help', 'main:a.txt']) {
      expect(() => withRef(ref, () => undefined, root)).toThrow(
        new Error(
          `--against must be a commit, a branch or a tag that this clone has, got "${ref}". In a clone without history, such as that of CI, git fetch gets it.`,
        ),
      );
    }
  });

  test('that has commits which are not here says that these show as taken back', () => {
    const root = repository(temporaryFolder(), { 'package-lock.json': lock('1.0.0') });
    git(root, 'branch', 'other');
    git(root, 'commit', '--quiet', '--allow-empty', '--message=second');
    git(root, 'checkout', '--quiet', 'other');
    expect(withRef('main', ({ notes }) => notes, root)).toEqual([
      'main has a commit that the working tree lacks. What it did shows as taken back: merge main first.',
    ]);
  });

  test('that asks for other packages which cannot be installed is compared with those that are here, and says so', () => {
    const root = repository(temporaryFolder(), { 'package-lock.json': lock('1.0.0'), 'package.json': '{' });
    writeFileSync(path.join(root, 'package-lock.json'), lock('2.0.0'));
    const progress = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
    const notes = withRef('main', (checkout) => [...checkout.notes, existsSync(path.join(checkout.folder, 'node_modules'))], root);
    progress.mockRestore();
    expect(notes).toEqual([
      expect.stringMatching(
        /^package-lock\.json differs, and the packages of main could not be installed \(.+\): what the change of packages does is not shown\.$/,
      ),
      true,
    ]);
  });
});

describe('the page', () => {
  const change = (more: Partial<Change>): Change => ({
    id: 'Id',
    type: 'AWS::S3::Bucket',
    name: 'Store bucket',
    fate: 'changed',
    because: [],
    ...more,
  });
  const stack = (changes: readonly Change[], more: Partial<StackChanges> = {}): StackChanges => ({
    stack: 'aws-pipeline',
    cloud: 'aws',
    against: 'main',
    commit: '0123456789abcdef',
    notes: [],
    isNew: false,
    counts: countsOf(changes),
    changes,
    flow: [],
    access: [],
    settings: [],
    ...more,
  });

  test.each([
    ['CAUTION', 'Data is lost: 1 resource that holds data would be deleted, replaced or cut.', [change({ fate: 'deleted', data: 'lost' })]],
    [
      'WARNING',
      'The deploy is refused: it would replace or delete 1 protected resource that holds data.',
      [change({ fate: 'replaced', data: 'protected' }), change({ fate: 'replaced', data: 'left behind' })],
    ],
    [
      'WARNING',
      'Data is left behind: 2 resources that hold data would leave the stack, and stay in the account with nothing to manage them.',
      [change({ fate: 'replaced', data: 'left behind' }), change({ fate: 'replaced', data: 'left behind' })],
    ],
    [
      'NOTE',
      'No data is touched: 1 replaced, 1 perhaps replaced; 1 changed.',
      [change({}), change({ fate: 'replaced' }), change({ fate: 'may be replaced' })],
    ],
    ['NOTE', 'Nothing is replaced or deleted: 1 changed, 1 created.', [change({}), change({ fate: 'created' })]],
    ['NOTE', 'Nothing changes.', []],
  ] as const)('%s: %s', (alert, sentence, changes) => {
    expect(verdictOf(stack(changes))).toEqual({ alert, sentence });
    expect(touchesData(stack(changes))).toBe(alert !== 'NOTE');
    expect(
      renderMarkdown([stack(changes)])
        .split('\n')
        .slice(0, 2),
    ).toEqual([`> [!${alert}]`, `> **aws-pipeline**: ${sentence}`]);
    expect(renderChanges([stack(changes)])).toContain(`aws-pipeline against main (0123456789ab)\n\n  ${sentence}`);
  });

  test('a stack that is new is not compared', () => {
    expect(verdictOf(stack([], { isNew: true })).sentence).toBe('The stack is new: nothing is replaced or deleted.');
  });

  test('of several stacks, the loudest decides how loud the comment is', () => {
    expect(renderMarkdown([stack([]), stack([change({ fate: 'deleted', data: 'lost' })])])).toMatch(/^> \[!CAUTION\]\n/);
  });

  test('is never longer than GitHub takes, and what holds data is never cut', () => {
    const lines = Array.from({ length: 5000 }, (_, index) => `+ ${index} ${'x'.repeat(90)}`);
    const gone = Array.from({ length: 5000 }, (_, index) => change({ fate: 'deleted', name: `role ${index}` }));
    const text = renderMarkdown([stack([change({ fate: 'deleted', data: 'lost' }), ...gone], { flow: lines, access: lines })]);
    expect(text.length).toBeLessThanOrEqual(65_000);
    expect(text).toContain('| Store bucket (AWS::S3::Bucket) | deleted | **LOST** |');
    expect(text).toContain('more lines: npm start -- --against shows them');
  });

  test('what loses data in place has a row of its own, and any other change in place has none', () => {
    const dropped = change({ name: 'table', data: 'lost', because: ['schema: press dropped'] });
    const text = renderMarkdown([stack([dropped, change({ name: 'topic' })])]);
    expect(text).toMatch(/\| table .* \| changed \| \*\*LOST\*\* \| schema: press dropped \|/);
    expect(text).not.toContain('topic');
  });

  test('names and values break neither the table nor a fence', () => {
    const text = renderMarkdown([stack([change({ fate: 'deleted', name: 'a | <b>' })], { flow: ['+ ```'] })]);
    expect(text).toContain('| a \\| \\<b\\> (AWS::S3::Bucket) | deleted |');
    expect(text).toContain('````diff\n+ ```\n````');
  });
});
