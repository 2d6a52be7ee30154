import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Unavailable } from '../../scripts/judges/judge';
import { pythonTool, runSealed } from '../../scripts/judges/python';
import { temporaryFolder } from '../support/folder';

const root = path.join(__dirname, '../..');
const { PATH } = process.env;
const progress = jest.spyOn(process.stderr, 'write').mockReturnValue(true);

afterEach(() => {
  process.env.PATH = PATH;
  progress.mockClear();
});

/** A program that is a few lines of shell, first on the PATH. */
function program(name: string, script: string) {
  const folder = temporaryFolder();
  writeFileSync(path.join(folder, name), `#!/bin/sh\n${script}\n`);
  chmodSync(path.join(folder, name), 0o755);
  process.env.PATH = `${folder}:${PATH}`;
}

/** A requirements file, and the name of the environment that is made from it. */
function requirements(name: string) {
  const file = path.join(temporaryFolder(), `${name}.lock.txt`);
  writeFileSync(file, 'checkov==3.3.30\n');
  return file;
}

test('where there is no Python a judge cannot be asked, and says so in a line', async () => {
  process.env.PATH = '/nowhere';
  const message = 'python3 is not installed, or does not start. Install Python 3.10 or newer, with venv.';
  await expect(pythonTool(requirements('no-python'))).rejects.toThrow(new Unavailable(message));
});

test('where no package comes a judge cannot be asked, and says why in a line', async () => {
  const name = `no-registry-${process.pid}`;
  const pip = `echo "ERROR: no matching distribution for checkov==3.3.30" >&2; echo "hint" >&2; exit 1`;
  program(
    'python3',
    `[ "$1" = --version ] && echo Python 3.11.7 && exit
     mkdir -p "$4/bin" && printf '#!/bin/sh\\n${pip}\\n' > "$4/bin/pip" && chmod +x "$4/bin/pip"`,
  );
  try {
    const why = 'ERROR: no matching distribution for checkov==3.3.30';
    const message = `pip install failed: ${why}. Run it again with a package registry in reach.`;
    await expect(pythonTool(requirements(name))).rejects.toThrow(new Unavailable(message));
    expect(progress).toHaveBeenCalledTimes(1);
  } finally {
    rmSync(path.join(root, '.judges', name), { recursive: true, force: true });
  }
});

test('a tool sees nothing of the environment, and has a home of its own that goes with it', async () => {
  process.env.AWS_SECRET_ACCESS_KEY = 'a secret';
  const { stdout, status } = await runSealed('/usr/bin/env', []);
  delete process.env.AWS_SECRET_ACCESS_KEY;
  expect(status).toBe(0);
  expect(stdout).not.toContain('a secret');
  expect(stdout).toMatch(/^HOME=.*judge-\w+$/m);
});

test('a tool that tries to reach out is no judge', async () => {
  program('phones-home', `echo "refused to reach out: socket.getaddrinfo ('example.com', 443)" >&2; exit 97`);
  const refused = "phones-home: refused to reach out: socket.getaddrinfo ('example.com', 443)";
  await expect(runSealed('phones-home', [])).rejects.toThrow(new Error(refused));
});

test('every package that the judges need is pinned, those of their own and all below them', () => {
  const lines = (file: string) =>
    readFileSync(path.join(root, 'scripts/judges', file), 'utf8')
      .trim()
      .split('\n');
  const packages = (file: string) => lines(file).filter((line) => !line.startsWith('#'));
  for (const line of packages('requirements.lock.txt')) expect(line).toMatch(/^[\w.-]+==[\w.]+$/);
  expect(packages('requirements.lock.txt')).toEqual(expect.arrayContaining(packages('requirements.txt')));
});
