import { spawn } from 'node:child_process';
import { mkdirSync, openSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ROOT } from '../../../local/state';
import { CERTIFICATE, KEY, PROGRAMS, SDK, serverEnvironment } from './environment';
import { eventually } from './wait';

/** A server that plays an account. */
export interface Server {
  stop(): Promise<void>;
}

/**
 * Start ministack on loopback, over TLS, with every call judged by the policies of who makes it. It is told to serve by
 * Hypercorn's own command, since ministack's would take port 443 as well.
 * @param python the Python that has it
 * @throws Error when it does not come up
 */
export async function startServer(python: string, port: number, folder: string): Promise<Server> {
  for (const name of [PROGRAMS, SDK]) mkdirSync(path.join(folder, name));
  symlinkSync(process.execPath, path.join(folder, PROGRAMS, 'node'));
  symlinkSync(path.join(ROOT, 'node_modules/@aws-sdk'), path.join(folder, SDK, '@aws-sdk'));
  const log = openSync(path.join(folder, 'ministack.log'), 'w');
  const serve = ['ministack.app:app', '--bind', `127.0.0.1:${port}`, '--workers', '0', '--keep-alive', '75'];
  const tls = ['--certfile', path.join(folder, CERTIFICATE), '--keyfile', path.join(folder, KEY)];
  const child = spawn(python, [path.join(__dirname, 'server.py'), ...serve, ...tls], {
    cwd: folder,
    env: { ...process.env, ...serverEnvironment(port, folder) },
    stdio: ['pipe', log, log],
  });
  const ended = new Promise<void>((resolve) => child.on('exit', () => resolve()).on('error', () => resolve()));
  let running = true;
  void ended.then(() => {
    running = false;
  });
  const stop = async () => {
    child.stdin!.end();
    await Promise.race([ended, sleep(5_000)]);
    if (running) child.kill('SIGKILL');
  };
  try {
    await eventually('the start of ministack', async () => {
      if (!running) throw new Error('ministack ended while it started');
      return (await fetch(`https://127.0.0.1:${port}/_ministack/health`).catch(() => undefined))?.ok ? true : undefined;
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return { stop };
}
