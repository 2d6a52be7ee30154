import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { type Behaviour, googleApis } from '../workflows/google-apis';

/** How a run of a DAG has ended. */
export interface DagRun {
  /** The settings of the DAG. */
  readonly dag: Readonly<Record<string, any>>;
  /** The state of each task, by its name. */
  readonly states: Readonly<Record<string, 'success' | 'failed' | 'upstream_failed'>>;
  /** Why tasks have failed, by their names. */
  readonly failed: Readonly<Record<string, string>>;
  /** How long it took, by a clock that does not wait. */
  readonly seconds: number;
}

/** A program in Python that answers each line of its input with a line, with nothing of this environment. */
export class Python {
  private readonly child: ChildProcess;
  private readonly lines: Interface;
  private ended?: Error;
  private readonly waiting: { answer(line: string): void; fail(error: Error): void }[] = [];

  /** @param file the name of the program, beside this one */
  constructor(file: string) {
    const env = { PATH: process.env.PATH, PYTHONDONTWRITEBYTECODE: '1' };
    this.child = spawn('python3', ['-I', path.join(__dirname, file)], { env, stdio: ['pipe', 'pipe', 'inherit'] });
    this.lines = createInterface({ input: this.child.stdout! });
    this.lines.on('line', (line) => this.waiting.shift()?.answer(line));
    this.child.on('error', (error) => this.end(new Error(`The tests of DAGs need python3, of Python 3.9 or newer: ${error.message}`)));
    this.child.on('close', (code) => this.end(new Error(`python3 ended with ${code}.`)));
    // A program that has ended says why itself.
    this.child.stdin!.on('error', () => {});
  }

  /** @throws Error if the program has ended, or if there is no Python */
  async ask(told: unknown): Promise<any> {
    const line = await new Promise<string>((answer, fail) => {
      if (this.ended) return fail(this.ended);
      this.waiting.push({ answer, fail });
      this.child.stdin!.write(`${JSON.stringify(told)}\n`);
    });
    const answer = JSON.parse(line);
    if (answer.error !== undefined) throw new Error(answer.error);
    return answer;
  }

  /** End the program, and wait for its end. */
  stop(): Promise<void> {
    this.child.stdin!.end();
    return new Promise((closed) => (this.ended ? closed() : this.child.on('close', () => closed())));
  }

  private end(error: Error) {
    this.ended ??= error;
    this.lines.close();
    for (const { fail } of this.waiting.splice(0)) fail(this.ended);
  }
}

/**
 * Run a DAG with stand-ins of Airflow and of the APIs of Google.
 * @param lost how many looks get no answer at first, and how many starts arrive but get none
 */
export async function runDag(
  runner: Python,
  dag: string,
  behaviours: Readonly<Record<string, Behaviour>>,
  { drops = 0, loses = 0 }: { readonly drops?: number; readonly loses?: number } = {},
) {
  const apis = await googleApis(behaviours);
  try {
    const run = (await runner.ask({ dag, api: apis.address, drops, loses })) as DagRun;
    return { ...run, came: apis.came, order: apis.came.map(({ what, job }) => `${what} ${job}`) };
  } finally {
    await apis.close();
  }
}
