import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { type Assembly, assemble } from './assembly';
import { Cdk } from './cdk';
import { type Clients, clients } from './clients';
import { type Deployed, deployed, wayThrough } from './deployed';
import { ACCOUNT, REGION } from './environment';
import { inventory, leftBy, tagBuckets } from './leftovers';
import { letRecordsThrough } from './records';
import { type Server, startServer } from './server';
import { tryGrants } from './tries';

/** What is to be done, and with what. */
export interface Order {
  /** The names of the blueprints to deploy. */
  readonly blueprints: readonly string[];
  /** A folder that holds the certificate of the server. */
  readonly folder: string;
  /** The Python that has ministack. */
  readonly python: string;
  readonly port: number;
}

/** What happens, as it happens. For each blueprint comes one that is not a step; `failed` without one ends everything. */
export type Message =
  | { readonly kind: 'step'; readonly blueprint?: string; readonly step: string; readonly what: string; readonly seconds: number }
  | { readonly kind: 'failed'; readonly blueprint?: string; readonly step: string; readonly why: string }
  | { readonly kind: 'done'; readonly blueprint: string; readonly looked: string };

/** How the server says that it does not have types of resources. It is no account, so that is no fault of a template. */
const BEYOND = /(?:Unrecognized resource types: \[|Unsupported resource type: )([\w:, ]*\w)/;

type Step = <Result>(name: string, say: string | ((result: Result) => string), work: () => Promise<Result>) => Promise<Result>;

/** Deploy what was synthesized, use it and take it down, with the commands of docs/deploy.md: one blueprint after the other. */
export async function rehearse(
  { blueprints, folder, python, port }: Order,
  tell: (message: Message) => void,
  stopped: AbortSignal,
): Promise<void> {
  const cdk = new Cdk(folder, stopped);
  const account = clients();
  let blueprint: string | undefined;
  let current = '';
  let server: Server | undefined;

  const step: Step = async (name, say, work) => {
    stopped.throwIfAborted();
    current = name;
    const start = performance.now();
    const result = await work();
    const what = typeof say === 'string' ? say : say(result);
    tell({ kind: 'step', blueprint, step: name, what, seconds: (performance.now() - start) / 1000 });
    return result;
  };

  try {
    server = await step('start', `ministack on 127.0.0.1:${port}, over TLS, with IAM`, () => startServer(python, port, folder));
    const app = path.join(folder, 'bootstrap');
    assemble(app, 'bootstrap', { BLUEPRINT: blueprints[0] });
    await step('bootstrap', 'the account takes assets', () => cdk.run('bootstrap', `aws://${ACCOUNT}/${REGION}`, '--app', app));
    for (blueprint of blueprints) {
      const rehearsal = new Rehearsal(blueprint, path.join(folder, blueprint), cdk, account, step);
      try {
        tell({ kind: 'done', blueprint, looked: await rehearsal.run() });
      } catch (error) {
        stopped.throwIfAborted();
        const why = (error as Error).message.replace(/\s+/g, ' ');
        const [, types] = BEYOND.exec(why) ?? [];
        if (types) tell({ kind: 'done', blueprint, looked: `not rehearsed, since ministack has no ${types}` });
        else tell({ kind: 'failed', blueprint, step: current, why });
        await rehearsal.giveUp();
      }
    }
  } catch (error) {
    tell({ kind: 'failed', step: current, why: (error as Error).message.replace(/\s+/g, ' ') });
  } finally {
    await server?.stop();
  }
}

/** What is answered to the parameters that a template has no default for. */
const ANSWERS: Readonly<Record<string, string>> = {
  Repository: 'acme/data-platform',
  Domain: 'mail.example.com',
  ImageDigest: `sha256:${'0'.repeat(64)}`,
  ImageRepository: 'models',
  Viewer: `arn:aws:quicksight:us-east-1:${ACCOUNT}:group/default/readers`,
};

/** The deployment of one blueprint, to an account that took others before. */
class Rehearsal {
  private readonly asItShips: Assembly;
  private readonly unprotected: Assembly;

  constructor(
    private readonly blueprint: string,
    private readonly folder: string,
    private readonly cdk: Cdk,
    private readonly account: Clients,
    private readonly step: Step,
  ) {
    this.asItShips = this.assemble('stack', 'rehearsal');
    this.unprotected = this.assemble('unprotected', 'rehearsal', { REMOVAL: 'destroy', DESTROY_DATA: 'yes' });
  }

  /** @returns how much was looked at, in words */
  async run(): Promise<string> {
    const { account, step, asItShips, unprotected } = this;
    const before = await inventory(account);
    const created = await step(
      'deploy',
      ({ names }) => `${names.size} resources created`,
      () => this.deploy(asItShips),
    );
    const way = wayThrough(asItShips.template, created);
    if (way) await step('records', 'one is a line of its object, one a dead letter', () => letRecordsThrough(account, asItShips, way));
    await step('deploy again', 'no changes', () => this.deployAgain());
    const grants =
      way &&
      (await step(
        'grants',
        (some) => `${some} removed one at a time, and missed`,
        () => tryGrants(account, asItShips, way),
      ));
    const kept = way ? await this.besideIt() : [];
    const open = await step('unprotect', 'REMOVAL=destroy DESTROY_DATA=yes', () => this.unprotect());
    const known = new Set([...before, ...kept]);
    await step('destroy', 'nothing is left but the log of what emptied the buckets', () => this.destroy(unprotected, open, known));
    const used =
      grants === undefined ? 'no records, which are sent through a stream alone' : `2 records, ${grants} grants removed one at a time`;
    return `${created.names.size} resources created, ${used}`;
  }

  /** Take down what stands of a blueprint that failed, so that the next one finds the account as it was. */
  async giveUp(): Promise<void> {
    await this.cdk.run('destroy', this.unprotected.id, '--app', this.unprotected.app, '--force').catch(() => undefined);
  }

  /** Deploy a second stack beside the first, and destroy it as it ships. */
  private async besideIt(): Promise<readonly string[]> {
    const { account, step, cdk, asItShips } = this;
    await step('diff', 'no differences', () => cdk.run('diff', asItShips.id, '--app', asItShips.app, '--fail'));
    const second = this.assemble('second', 'rehearsal-second');
    const before = await inventory(account);
    const beside = await step('deploy a second', 'beside the first', () => this.deploy(second));
    return step(
      'destroy it',
      (left) => `but for the ${left.length} resources that hold data`,
      () => this.destroy(second, beside, before),
    );
  }

  private assemble(folder: string, stackName: string, env: NodeJS.ProcessEnv = {}): Assembly {
    return assemble(path.join(this.folder, folder), stackName, { BLUEPRINT: this.blueprint, ...env });
  }

  private async deploy({ app, id, stackName, template }: Assembly): Promise<Deployed> {
    const asked = Object.entries(template.Parameters ?? {}).filter(([name, { Default }]) => Default === undefined && name in ANSWERS);
    const answers = asked.flatMap(([name]) => ['--parameters', `${stackName}:${name}=${ANSWERS[name]}`]);
    const printed = await this.cdk.run('deploy', id, '--app', app, '--require-approval', 'never', ...answers);
    return { ...(await deployed(this.account, stackName, template)), unchanged: printed.includes('(no changes)') };
  }

  private async deployAgain() {
    if (!(await this.deploy(this.asItShips)).unchanged) throw new Error('the same template was deployed as a change');
  }

  private async unprotect(): Promise<Deployed> {
    const open = await this.deploy(this.unprotected);
    await tagBuckets(this.account, this.unprotected, open);
    return open;
  }

  private async destroy(stack: Assembly, as: Deployed, before: ReadonlySet<string>): Promise<readonly string[]> {
    await this.cdk.run('destroy', stack.id, '--app', stack.app, '--force');
    return leftBy(this.account, stack, as, before);
  }
}
