import type { Pace } from '../../pace';
import type { Witness } from '../../platform';
import { ACCOUNT, REGION } from '../../template/cloudformation';
import type { Invocation, Target, Writers } from '../site';
import { LambdaProcess, type ProcessOptions } from './lambda-process';

/** The settings of the function in the template. */
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
   * The prefix of the access key ids of its processes.
   * @default LOCALPROCESS
   */
  readonly keys?: string;
}

/** Variables that replace or extend those of the template, so that clients use only the emulated services. */
export type Overrides = Readonly<Record<string, string>>;

export function arnOfFunction(name: string): string {
  return `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${name}`;
}

/**
 * The environment of a process: the variables of the template, those that Lambda sets, and the overrides. Each process has its
 * own access key id, as each execution environment of Lambda has its own credentials.
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

/** What the function uses. */
export interface FunctionContext {
  /** The folder of the unpacked bundle. */
  readonly folder: string;
  readonly overrides: Overrides;
  readonly pace: Pace;
  readonly witness: Pick<Witness, 'incident' | 'log'>;
}

/** A function, with one process for each concurrent call. */
export class LambdaFunction implements Target, Writers {
  readonly arn: string;
  private readonly processes: LambdaProcess[] = [];
  private readonly busy = new Set<LambdaProcess>();
  private started = 0;
  private gone = 0;
  private stopped = false;

  constructor(
    private readonly settings: FunctionSettings,
    private readonly context: FunctionContext,
  ) {
    this.arn = arnOfFunction(settings.name);
  }

  /**
   * Start one process before the first call.
   * @throws Error with the message of the handler if it cannot start
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

  /** Kill the process with this access key id. */
  async kill(accessKeyId: string): Promise<void> {
    await this.of(accessKeyId)?.kill();
  }

  /** Pause the process with this access key id until its timeout. */
  stall(accessKeyId: string) {
    this.of(accessKeyId)?.stall(this.context.pace.scaled(this.settings.timeoutSeconds * 1000));
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await Promise.all(this.processes.map((process) => process.kill()));
  }

  private async start(): Promise<LambdaProcess> {
    if (this.stopped) throw new Error('the function is stopped');
    this.started += 1;
    if (this.gone > 0) this.context.witness.incident('the function starts in a new process, because one has ended');
    this.gone = Math.max(0, this.gone - 1);
    const accessKeyId = `${this.settings.keys ?? 'LOCALPROCESS'}${String(this.started).padStart(8, '0')}`;
    const { folder, overrides, witness } = this.context;
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
