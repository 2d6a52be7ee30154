import { spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../../../local/state';

const CDK = path.join(ROOT, 'node_modules/aws-cdk/bin/cdk');
const MOST_MILLISECONDS = 120_000;

/** The command line of the CDK that the lockfile pins. */
export class Cdk {
  readonly log: string;

  constructor(
    private readonly folder: string,
    private readonly stopped: AbortSignal,
  ) {
    this.log = path.join(folder, 'cdk.log');
  }

  /**
   * Run a command, and return what it printed.
   * @throws Error in one line when it fails
   */
  async run(...args: readonly string[]): Promise<string> {
    appendFileSync(this.log, `$ cdk ${args.join(' ')}\n`);
    const child = spawn(process.execPath, [CDK, ...args, '--no-notices', '--no-color'], {
      cwd: this.folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: MOST_MILLISECONDS,
      signal: this.stopped,
    });
    let printed = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        printed += text;
        appendFileSync(this.log, text);
      });
    }
    const code = await new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve));
    const lines = printed.trim().split('\n');
    const refused = lines.find((line) => line.startsWith('Refused: '));
    if (refused) throw new Error(refused);
    if (code !== 0) throw new Error(lines.find((line) => line.includes('❌')) ?? lines.at(-1));
    return printed;
  }
}
