import type { IncomingMessage } from 'node:http';
import type { Answer } from '../../loopback';
import type { Pace } from '../../pace';
import type { TokenIssuer } from '../identity/oidc';
import { Instance, type InstanceOptions } from './instance';

/** The settings of a function. */
export interface FunctionSettings {
  readonly name: string;
  readonly entryPoint: string;
  readonly memoryMiB: number;
  readonly timeoutSeconds: number;
  /** How many concurrent calls one instance accepts. */
  readonly concurrency: number;
  readonly env: Readonly<Record<string, string>>;
  /** The IAM members that may call it. */
  readonly invokers: readonly string[];
}

/**
 * The environment variables that the platform sets. NODE_ENV is set by the buildpack that installs the packages.
 * @see https://cloud.google.com/functions/docs/configuring/env-var#runtime_environment_variables_set_automatically
 * @see https://github.com/GoogleCloudPlatform/buildpacks/blob/main/cmd/nodejs/npm/main.go
 */
export function runtimeEnv({ name, entryPoint }: FunctionSettings): Record<string, string> {
  return {
    PORT: '8080',
    K_SERVICE: name,
    K_CONFIGURATION: name,
    K_REVISION: `${name}-00001-abc`,
    FUNCTION_TARGET: entryPoint,
    FUNCTION_SIGNATURE_TYPE: 'http',
    NODE_ENV: 'production',
  };
}

/**
 * An emulated function on Cloud Run: it checks the token of each call, limits concurrent calls, and starts an instance on demand.
 * Only one instance is emulated.
 */
export class CloudFunction {
  private instance?: Promise<Instance>;
  private readonly ending = new AbortController();
  private starts = 0;
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(
    private readonly settings: FunctionSettings,
    private readonly options: {
      /** The URL of the function, which is the audience of tokens. */
      readonly url: string;
      readonly instance: Omit<InstanceOptions, 'memoryMiB'>;
      readonly issuer: TokenIssuer;
      readonly pace: Pace;
      incident(text: string): void;
    },
  ) {}

  /**
   * Deploy it: start the first instance, and wait until it listens.
   * @throws Error with the output of the function
   */
  async deploy() {
    await this.liveInstance();
  }

  /** Answer one request, like Cloud Run. */
  readonly answer = async ({ url, headers }: IncomingMessage, body: Buffer): Promise<Answer> => {
    const refusal = this.refusal(headers.authorization);
    if (refusal) return refusal;
    if (this.running >= this.settings.concurrency) await new Promise<void>((resolve) => this.waiting.push(resolve));
    else this.running += 1;
    try {
      const signal = AbortSignal.timeout(this.settings.timeoutSeconds * 1000);
      const instance = await this.liveInstance();
      return await instance.call(url!, { headers: { 'content-type': headers['content-type'] }, body, signal });
    } catch (error) {
      return { status: 503, body: String(error) };
    } finally {
      const next = this.waiting.shift();
      if (next) next();
      else this.running -= 1;
    }
  };

  /** Kill the instance, and every call in it. */
  async kill() {
    await (await this.started())?.end();
  }

  /** Suspend the instance. After the time limit of its calls, they are answered with 504, and the instance ends. */
  async stall() {
    const instance = await this.started();
    instance?.stall();
    await this.options.pace.wait(this.settings.timeoutSeconds * 1000, this.ending.signal);
    await instance?.end(504);
  }

  async stop() {
    this.ending.abort();
    await this.kill();
  }

  /** The running instance, which is started if there is none. Concurrent calls wait for the same instance. */
  private async liveInstance(): Promise<Instance> {
    for (;;) {
      if (this.ending.signal.aborted) throw new Error('the function has stopped');
      const starting = this.instance ?? this.start();
      const instance = await starting;
      if (instance.alive) return instance;
      if (this.instance === starting) this.instance = undefined;
    }
  }

  /** The instance, or undefined if there is none or it cannot be started. */
  private started(): Promise<Instance | undefined> {
    return this.instance?.catch(() => undefined) ?? Promise.resolve(undefined);
  }

  private start(): Promise<Instance> {
    const { incident, instance } = this.options;
    this.starts += 1;
    if (this.starts > 1) incident(`instance ${this.starts} of the function is started`);
    const starting = Instance.start({ ...instance, memoryMiB: this.settings.memoryMiB });
    starting.catch(() => {
      this.instance = undefined;
    });
    this.instance = starting;
    return starting;
  }

  /** @see https://cloud.google.com/run/docs/troubleshooting#client-authentication */
  private refusal(authorization = ''): Answer | undefined {
    const [, token] = /^Bearer (.+)$/i.exec(authorization) ?? [];
    if (!token) return { status: 403, body: 'The request was not authenticated.' };
    const claims = this.options.issuer.read(token);
    if (claims?.aud !== this.options.url) return { status: 401, body: 'The access token could not be verified.' };
    if (this.settings.invokers.includes(`serviceAccount:${claims.email}`)) return undefined;
    return { status: 403, body: 'The caller lacks the permission run.routes.invoke.' };
  }
}
