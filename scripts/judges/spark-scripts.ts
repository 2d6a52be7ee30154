import { readdirSync } from 'node:fs';
import path from 'node:path';
import { type Judge, Unavailable, type Verdict } from './judge';
import { pythonTool, runSealed } from './python';

const TESTS = ['aws', 'azure', 'shared'].map((cloud) => path.join(__dirname, '../../test', cloud, 'runtime'));

/** The scripts of jobs, on the Python and the Spark of this machine and with files of it. Their tests are in Python. */
export const sparkScripts: Judge = {
  name: 'Spark 3.5.6',
  proves: 'the scripts of jobs do with real files what their tests say: duplicates, digits, late and broken lines, runs that are repeated',
  blueprintsOf: [],
  run: async () => {
    const java = await runSealed('java', ['-version']).catch(() => undefined);
    if (java?.status !== 0) throw new Unavailable('java is not installed, or does not start. Install Java 17, which Spark needs.');
    const bin = await pythonTool('requirements-spark.lock.txt');
    const files = TESTS.flatMap((folder) =>
      readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((file) => path.join(folder, file)),
    ).filter((file) => file.endsWith('_test.py'));
    return Promise.all(files.sort().map((file) => test(path.join(bin, 'python'), file)));
  },
};

async function test(python: string, file: string): Promise<Verdict> {
  // Without the guard against the network: Python and Spark talk over loopback, and it would end the first connection.
  const { status, stderr } = await runSealed(python, [file], { PYTHONPATH: '' });
  const [, count = 'no'] = /^Ran (\d+) tests? in /m.exec(stderr) ?? [];
  const failed = [...stderr.matchAll(/^(?:FAIL|ERROR): (\w+) .*$/gm)].map(([line, where]) => ({
    rule: 'test',
    where: where!,
    what: line!,
  }));
  const ended = { rule: 'test', where: path.basename(file), what: `it ended with ${status}: ${stderr.trim().split('\n').at(-1)}` };
  const findings = failed.length > 0 || (status === 0 && count !== 'no') ? failed : [ended];
  return { subject: path.basename(file), looked: `${count} tests`, findings };
}
