import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { type Assembly, assemble } from './assembly';
import { Cdk } from './cdk';
import { clients } from './clients';
import { type Deployed, deployed } from './deployed';
import { ACCOUNT, REGION } from './environment';
import { inventory, leftBy, tagBuckets } from './leftovers';
import { letRecordsThrough } from './records';
import { type Server, startServer } from './server';
import { tryGrants } from './tries';

/** What is to be done, and with what. */
export interface Order {
  /** A folder that holds the certificate of the server. */
  readonly folder: string;
  /** The Python that has ministack. */
  readonly python: string;
  readonly port: number;
}

/** What happens, as it happens. After `failed` or `done` comes nothing more. */
export type Message =
  | { readonly kind: 'step'; readonly step: string; readonly what: string; readonly seconds: number }
  | { readonly kind: 'failed'; readonly step: string; readonly why: string }
  | { readonly kind: 'done'; readonly looked: string };

/** Deploy what was synthesized, use it and take it down, with the commands of the README. */
export async function rehearse({ folder, python, port }: Order, tell: (message: Message) => void, stopped: AbortSignal): Promise<void> {
  const cdk = new Cdk(folder, stopped);
  const account = clients();
  let current = '';
  let server: Server | undefined;

  async function step<Result>(name: string, say: string | ((result: Result) => string), work: () => Promise<Result>): Promise<Result> {
    stopped.throwIfAborted();
    current = name;
    const start = performance.now();
    const result = await work();
    const what = typeof say === 'string' ? say : say(result);
    tell({ kind: 'step', step: name, what, seconds: (performance.now() - start) / 1000 });
    return result;
  }

  async function deploy({ app, id, stackName, template }: Assembly): Promise<Deployed> {
    const printed = await cdk.run('deploy', id, '--app', app, '--require-approval', 'never');
    return { ...(await deployed(account, stackName, template)), unchanged: printed.includes('(no changes)') };
  }

  async function destroy(stack: Assembly, as: Deployed, before: ReadonlySet<string>): Promise<readonly string[]> {
    await cdk.run('destroy', stack.id, '--app', stack.app, '--force');
    return leftBy(account, stack, as, before);
  }

  async function synthesize() {
    const keys = { REMOVAL: 'destroy', DESTROY_DATA: 'yes' };
    return [
      assemble(path.join(folder, 'stack'), 'rehearsal'),
      assemble(path.join(folder, 'unprotected'), 'rehearsal', keys),
      assemble(path.join(folder, 'second'), 'rehearsal-second'),
    ] as const;
  }

  async function bootstrap(app: string) {
    await cdk.run('bootstrap', `aws://${ACCOUNT}/${REGION}`, '--app', app);
    return inventory(account);
  }

  async function deployAgain(stack: Assembly) {
    if (!(await deploy(stack)).unchanged) throw new Error('the same template was deployed as a change');
  }

  async function unprotect(stack: Assembly) {
    const open = await deploy(stack);
    await tagBuckets(account, stack, open);
    return open;
  }

  try {
    server = await step('start', `ministack on 127.0.0.1:${port}, over TLS, with IAM`, () => startServer(python, port, folder));
    const [stack, unprotected, second] = await step('synthesize', ([{ id }]) => id, synthesize);
    const empty = await step('bootstrap', 'the account takes assets', () => bootstrap(stack.app));

    const created = await step(
      'deploy',
      ({ names }) => `${names.size} resources created`,
      () => deploy(stack),
    );
    await step('records', 'one is a line of its object, one a dead letter', () => letRecordsThrough(account, stack, created));
    await step('deploy again', 'no changes', () => deployAgain(stack));
    const grants = await step(
      'grants',
      (some) => `${some} removed one at a time, and missed`,
      () => tryGrants(account, stack, created),
    );
    await step('diff', 'no differences', () => cdk.run('diff', stack.id, '--app', stack.app, '--fail'));

    const before = await inventory(account);
    const beside = await step('deploy a second', 'beside the first', () => deploy(second));
    const kept = await step(
      'destroy it',
      (left) => `but for the ${left.length} resources that hold data`,
      () => destroy(second, beside, before),
    );
    const open = await step('unprotect', 'REMOVAL=destroy DESTROY_DATA=yes', () => unprotect(unprotected));
    const known = new Set([...empty, ...kept]);
    await step('destroy', 'nothing is left but the log of what emptied the buckets', () => destroy(unprotected, open, known));
    tell({ kind: 'done', looked: `${created.names.size} resources created, 2 records, ${grants} grants removed one at a time` });
  } catch (error) {
    tell({ kind: 'failed', step: current, why: (error as Error).message.replace(/\s+/g, ' ') });
  } finally {
    await server?.stop();
  }
}
