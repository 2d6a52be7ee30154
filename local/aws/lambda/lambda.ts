import type { Pace } from '../../pace';
import type { Witness } from '../../platform';
import { ACCOUNT, REGION } from '../../template/cloudformation';
import type { Invocation, Target, Writers } from '../site';
import { LambdaProcess, type ProcessOptions } from './lambda-process';

/** What the template says of the function. */
export interface FunctionSettings {
  readonly name: string;
  readonly runtime: string;
  readonly handler: string;
  readonly memoryMiB: number;
  readonly timeoutSeconds: number;
  readonly logFormat: 'JSON' | 'Text';
  readonly logLevel?: string;
  readonly variables: Readonly<Record<string, string>>;
  /**
   * What the key ids of its processes start with.
   * @default LOCALPROCESS
   */
  readonly keys?: string;
}

/** What the variables of the template are replaced by, or joined by, so that clients find the stand-ins and nothing else. */
export type Overrides = Readonly<Record<string, string>>;

export function arnOfFunction(name: string): string {
  return `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${name}`;
}

/**
 * The environment of a process: what the template says, what Lambda sets, and the overrides. The key id tells processes
 * apart, as each environment of Lambda has credentials of its own.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
 */
export function environmentOf(
  settings: FunctionSettings,
  overrides: Overrides,
  folder: string,
  accessKeyId: string,
): Record<string, string> {
  return {
    ...settings.variables,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: 'nothing',
    AWS_SESSION_TOKEN: 'nothing',
    AWS_DEFAULT_REGION: REGION,
    AWS_EXECUTION_ENV: `AWS_Lambda_${settings.runtime}`,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(settings.memoryMiB),
    AWS_LAMBDA_FUNCTION_NAME: settings.name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_FORMAT: settings.logFormat,
    ...(settings.logLevel && { AWS_LAMBDA_LOG_LEVEL: settings.logLevel }),
    AWS_REGION: REGION,
    LAMBDA_TASK_ROOT: folder,
    LANG: 'en_US.UTF-8',
    PATH: '/usr/local/bin:/usr/bin:/bin',
    TZ: ':UTC',
    _HANDLER: settings.handler,
    ...overrides,
  };
}

/** What the function is run with. */
export interface FunctionNeighbours {
  /** The folder of the unpacked bundle. */
  readonly folder: string;
  readonly overrides: Overrides;
  readonly pace: Pace;
  readonly witness: Pick<Witness, 'incident' | 'log'>;
}

/** A function, with as many processes as there are calls at one moment. */
export class LambdaFunction implements Target, Writers {
  readonly arn: string;
  private readonly processes: LambdaProcess[] = [];
  private readonly busy = new Set<LambdaProcess>();
  private started = 0;
  private gone = 0;
  private stopped = false;

  constructor(
    private readonly settings: FunctionSettings,
    private readonly neighbours: FunctionNeighbours,
  ) {
    this.arn = arnOfFunction(settings.name);
  }

  /**
   * Start one process before the first call.
   * @throws Error with what the handler says when it cannot start
   */
  async warmUp(): Promise<void> {
    const made = await this.start();
    this.busy.delete(made);
    await made.ready();
  }

  async invoke(payload: string): Promise<Invocation> {
    const idle = this.processes.find((process) => process.alive && !this.busy.has(process));
    if (idle) this.busy.add(idle);
    const process = idle ?? (await this.start());
    try {
      return await process.invoke(payload);
    } finally {
      this.busy.delete(process);
      if (!process.alive) this.drop(process);
    }
  }

  /** Kill the process that signs with this key id. */
  async kill(accessKeyId: string): Promise<void> {
    await this.of(accessKeyId)?.kill();
  }

  /** Stop the process that signs with this key id, until its time is over. */
  stall(accessKeyId: string) {
    this.of(accessKeyId)?.stall(this.neighbours.pace.scaled(this.settings.timeoutSeconds * 1000));
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await Promise.all(this.processes.map((process) => process.kill()));
  }

  private async start(): Promise<LambdaProcess> {
    if (this.stopped) throw new Error('the function is stopped');
    this.started += 1;
    if (this.gone > 0) this.neighbours.witness.incident('the function starts in a new process, since one is gone');
    this.gone = Math.max(0, this.gone - 1);
    const accessKeyId = `${this.settings.keys ?? 'LOCALPROCESS'}${String(this.started).padStart(8, '0')}`;
    const { folder, overrides, witness } = this.neighbours;
    const options: ProcessOptions = {
      ...this.settings,
      functionArn: this.arn,
      folder,
      env: environmentOf(this.settings, overrides, folder, accessKeyId),
      log: (line) => witness.log(line),
    };
    const process = await LambdaProcess.start(options);
    this.processes.push(process);
    this.busy.add(process);
    if (this.stopped) await process.kill();
    return process;
  }

  private of(accessKeyId: string): LambdaProcess | undefined {
    return this.processes.find((process) => process.accessKeyId === accessKeyId);
  }

  private drop(process: LambdaProcess) {
    const place = this.processes.indexOf(process);
    if (place < 0) return;
    this.processes.splice(place, 1);
    this.gone += 1;
  }
}
