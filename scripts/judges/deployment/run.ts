import { fork, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ROOT } from '../../../local/state';
import { type Finding, Unavailable } from '../judge';
import { pythonTool } from '../python';
import { CERTIFICATE, environment, KEY } from './environment';
import type { Message, Order } from './rehearsal';

/** What was seen of a deployment, from the server's start to its end. */
export interface Outcome {
  /** How much was looked at, in words. */
  readonly looked: string;
  readonly findings: readonly Finding[];
}

/** How it ended. */
type Last = Exclude<Message, { kind: 'step' }> | { readonly kind: 'interrupted' };

const MOST_SECONDS = 300;

/**
 * Deploy to a server on this machine, in a process that knows nothing of the person's environment.
 * @param say hears a line for each step
 * @throws Unavailable where the server cannot be installed
 * @throws Error when a person interrupts it
 */
export async function runDeployment(say: (line: string) => void): Promise<Outcome> {
  const python = path.join(await pythonTool('requirements-deploy.lock.txt'), 'python');
  const folder = mkdtempSync(path.join(tmpdir(), 'deployment-'));
  certify(folder);
  const port = await freePort();

  const last = await runSealed({ folder, python, port }, ({ step, what, seconds }) =>
    say(`${step.padEnd(16)} ${what.padEnd(56)} ${seconds.toFixed(1).padStart(5)} s`),
  );
  if (last.kind === 'failed') {
    const finding = { rule: last.step, where: 'aws-pipeline', what: `${last.why}. The logs are in ${folder}` };
    return { looked: `it ended with ${last.step}`, findings: [finding] };
  }
  rmSync(folder, { recursive: true, force: true });
  if (last.kind === 'interrupted') throw new Error('interrupted, and nothing is left running.');
  return { looked: last.looked, findings: [] };
}

/** Run the steps in a process of their own, and pass Ctrl-C on to it. */
async function runSealed(order: Order, hear: (step: Extract<Message, { kind: 'step' }>) => void): Promise<Last> {
  const child = fork(path.join(__dirname, 'sealed.ts'), {
    cwd: ROOT,
    env: environment(`https://127.0.0.1:${order.port}`, order.folder),
    execArgv: ['--import', 'tsx'],
    // Ctrl-C reaches this process alone, which passes it on: the server is stopped before the end.
    detached: true,
  });
  let last: Last = { kind: 'failed', step: 'start', why: 'the process that deploys ended' };
  let cut: Last | undefined;
  const end = (why: Last) => {
    cut ??= why;
    child.kill();
  };
  const interrupt = () => end({ kind: 'interrupted' });
  const late = setTimeout(() => end({ kind: 'failed', step: 'deployment', why: `not over after ${MOST_SECONDS} s` }), MOST_SECONDS * 1000);
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  child.on('message', (message: Message) => {
    if (message.kind === 'step') hear(message);
    else last = message;
  });
  child.send(order);
  await new Promise((resolve) => child.once('exit', resolve));
  clearTimeout(late);
  process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  return cut ?? last;
}

/** Make a certificate that is good for a day, and that nobody trusts who is not told to. */
function certify(folder: string) {
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '1'];
  const files = ['-keyout', path.join(folder, KEY), '-out', path.join(folder, CERTIFICATE)];
  const { status } = spawnSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...subject, ...files], { stdio: 'ignore' });
  if (status === 0) return;
  rmSync(folder, { recursive: true });
  throw new Unavailable('openssl is not installed, or makes no certificate. Install OpenSSL 1.1.1 or newer.');
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
