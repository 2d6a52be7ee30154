import { randomBytes } from 'node:crypto';
import type { Answer, Respond } from '../../loopback';
import type { CallEnd } from '../site';

/** One call of a function. */
export interface Call {
  readonly requestId: string;
  readonly functionArn: string;
  readonly payload: string;
  readonly timeoutMilliseconds: number;
}

const RUNTIME = '/2018-06-01/runtime';
/** The largest response of a call. */
const ANSWER_BYTES = 6 * 1024 * 1024;

/**
 * The Lambda Runtime API for one process, which handles one call at a time.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 */
export class RuntimeApi {
  /** The initialization error that the process reported. */
  initError?: string;
  private asking = deferred<(answer: Answer) => void>();
  private current?: { readonly requestId: string; end(end: CallEnd): void };

  /** Resolves when the process requests its first call, which means that it has started. */
  async ready(): Promise<void> {
    await this.asking.promise;
  }

  /** Send a call when the process requests one, and wait for the response. `begun` is called when the process gets the call. */
  async give({ requestId, functionArn, payload, timeoutMilliseconds }: Call, begun: () => void): Promise<CallEnd> {
    const hand = await this.asking.promise;
    this.asking = deferred();
    begun();
    return new Promise((end) => {
      this.current = { requestId, end };
      const headers = {
        'content-type': 'application/json',
        'lambda-runtime-aws-request-id': requestId,
        'lambda-runtime-deadline-ms': String(Date.now() + timeoutMilliseconds),
        'lambda-runtime-invoked-function-arn': functionArn,
        'lambda-runtime-trace-id': traceId(),
      };
      hand({ status: 200, headers, body: payload });
    });
  }

  readonly respond: Respond = ({ method, url }, body) => {
    const request = `${method} ${url?.slice(RUNTIME.length)}`;
    if (request === 'GET /invocation/next') return new Promise((hand) => this.asking.resolve(hand));
    if (request === 'POST /init/error') {
      this.initError = faultOf(body);
      return { status: 202 };
    }
    const { current } = this;
    if (current && request === `POST /invocation/${current.requestId}/response`) {
      if (body.length > ANSWER_BYTES) return this.end({ error: `Function.ResponseSizeTooLarge: the answer has ${body.length} bytes` }, 413);
      return this.end({ payload: body.toString() });
    }
    if (current && request === `POST /invocation/${current.requestId}/error`) return this.end({ error: faultOf(body) });
    return { status: 404 };
  };

  private end(end: CallEnd, status = 202): Answer {
    this.current?.end(end);
    this.current = undefined;
    return { status };
  }
}

function faultOf(body: Buffer): string {
  const { errorType, errorMessage }: { errorType?: string; errorMessage?: string } = JSON.parse(body.toString());
  return `${errorType}: ${errorMessage}`;
}

/** A trace id that is not sampled, because there is no tracing here. */
function traceId(): string {
  const seconds = Math.floor(Date.now() / 1000).toString(16);
  return `Root=1-${seconds}-${randomBytes(12).toString('hex')};Parent=${randomBytes(8).toString('hex')};Sampled=0`;
}

function deferred<Value>() {
  let resolve!: (value: Value) => void;
  const promise = new Promise<Value>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
