import { fork, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ROOT } from '../../../local/state';
import { findBlueprints } from '../../../shared/synth/blueprints';
import { Unavailable, type Verdict } from '../judge';
import { pythonTool } from '../python';
import { CERTIFICATE, environment, KEY } from './environment';
import type { Message, Order } from './rehearsal';

/** How it ended, for the blueprints that no message speaks of. */
interface End {
  readonly step: string;
  readonly why: string;
}

/** How long all may take: to begin with, and for each blueprint. */
const SECONDS = { start: 120, each: 180 };

/**
 * Deploy every blueprint of AWS to a server on this machine, in a process that knows nothing of the person's environment.
 * @param say hears a line for each step
 * @throws Unavailable where the server cannot be installed
 * @throws Error when a person interrupts it
 */
export async function runDeployment(say: (line: string) => void): Promise<Verdict[]> {
  const python = path.join(await pythonTool('requirements-deploy.lock.txt'), 'python');
  const folder = mkdtempSync(path.join(tmpdir(), 'deployment-'));
  certify(folder);
  const blueprints = findBlueprints(['aws']).map(({ name }) => name);

  const { told, end } = await runSealed({ blueprints, folder, python, port: await freePort() }, ({ blueprint, step, what, seconds }) =>
    say(`${(blueprint ?? '').padEnd(12)} ${step.padEnd(16)} ${what.padEnd(56)} ${seconds.toFixed(1).padStart(5)} s`),
  );
  const verdicts = blueprints.map((blueprint): Verdict => {
    const subject = `aws-${blueprint}`;
    const last = told.find((message) => message.blueprint === blueprint);
    if (last?.kind === 'done') return { subject, looked: last.looked, findings: [] };
    const { step, why } = last ?? end;
    return {
      subject,
      looked: `it ended with ${step}`,
      findings: [{ rule: step, where: subject, what: `${why}. The logs are in ${folder}` }],
    };
  });
  if (end === INTERRUPTED || verdicts.every(({ findings }) => findings.length === 0)) rmSync(folder, { recursive: true, force: true });
  if (end === INTERRUPTED) throw new Error('interrupted, and nothing is left running.');
  return verdicts;
}

type Told = Exclude<Message, { kind: 'step' }>;

const INTERRUPTED: End = { step: 'interrupted', why: 'somebody interrupted it' };

/** Run the steps in a process of their own, and pass Ctrl-C on to it. */
async function runSealed(
  order: Order,
  hear: (step: Extract<Message, { kind: 'step' }>) => void,
): Promise<{ told: readonly Told[]; end: End }> {
  const child = fork(path.join(__dirname, 'sealed.ts'), {
    cwd: ROOT,
    env: environment(`https://127.0.0.1:${order.port}`, order.folder),
    execArgv: ['--import', 'tsx'],
    // Ctrl-C reaches this process alone, which passes it on: the server is stopped before the end.
    detached: true,
  });
  const told: Told[] = [];
  let cut: End | undefined;
  const cutOff = (why: End) => {
    cut ??= why;
    child.kill();
  };
  const interrupt = () => cutOff(INTERRUPTED);
  const most = SECONDS.start + order.blueprints.length * SECONDS.each;
  const late = setTimeout(() => cutOff({ step: 'deployment', why: `not over after ${most} s` }), most * 1000);
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  child.on('message', (message: Message) => (message.kind === 'step' ? hear(message) : told.push(message)));
  child.send(order);
  await new Promise((resolve) => child.once('exit', resolve));
  clearTimeout(late);
  process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  const whole = told.find((message) => message.kind === 'failed' && message.blueprint === undefined);
  const end = cut ?? (whole?.kind === 'failed' ? whole : { step: 'start', why: 'the process that deploys ended' });
  return { told, end };
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
