import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** How a job behaves: what its starts are answered, and how its runs end. */
export interface Behaviour {
  /** The codes with which its first starts are refused. */
  readonly refused?: readonly number[];
  /** The codes with which the first looks at a run are refused. */
  readonly hidden?: readonly number[];
  /** How many looks get no answer at first. */
  readonly dropped?: number;
  /** How often a run is looked at before it has ended. It never ends without a number. */
  readonly looks?: number;
  /** Whether it fails. */
  readonly fails?: boolean;
}

const ended = (failed: boolean | undefined) => (failed ? 'CONDITION_FAILED' : 'CONDITION_SUCCEEDED');

/** The answers to a start, and to a look at a run, of each API: https://cloud.google.com/apis/docs/overview. */
const APIS: Readonly<Record<string, { started(run: string): object; seen(isOver: boolean, fails?: boolean): object }>> = {
  'run.googleapis.com': {
    started: (run) => ({ name: 'projects/p/locations/l/operations/o', metadata: { '@type': 'Execution', name: run } }),
    seen: (isOver, fails) => ({
      conditions: [
        { type: 'ResourcesAvailable', state: 'CONDITION_SUCCEEDED' },
        {
          type: 'Completed',
          state: isOver ? ended(fails) : 'CONDITION_RECONCILING',
          message: isOver && fails ? 'Task 0 failed.' : undefined,
        },
        { type: 'Started', state: 'CONDITION_SUCCEEDED' },
      ],
    }),
  },
  'bigquery.googleapis.com': {
    started: (run) => ({ jobReference: { jobId: run.split('/').at(-1) }, status: { state: 'PENDING' } }),
    seen: (isOver, fails) => ({
      status: {
        state: isOver ? 'DONE' : 'RUNNING',
        errorResult: isOver && fails ? { reason: 'invalidQuery', message: 'No such column' } : undefined,
      },
    }),
  },
  'dataproc.googleapis.com': {
    started: (run) => ({ name: 'projects/p/regions/l/operations/o', metadata: { '@type': 'BatchOperationMetadata', batch: run } }),
    seen: (isOver, fails) => ({ state: isOver ? (fails ? 'FAILED' : 'SUCCEEDED') : 'RUNNING' }),
  },
  'workflowexecutions.googleapis.com': {
    started: (run) => ({ name: run, state: 'ACTIVE' }),
    seen: (isOver, fails) => ({
      state: isOver ? (fails ? 'FAILED' : 'SUCCEEDED') : 'ACTIVE',
      error: isOver && fails ? { payload: 'x' } : undefined,
    }),
  },
  'dataflow.googleapis.com': {
    started: (run) => ({ job: { id: run.split('/').at(-1), name: 'a-load', type: 'JOB_TYPE_BATCH' } }),
    seen: (isOver, fails) => ({ currentState: isOver ? (fails ? 'JOB_STATE_FAILED' : 'JOB_STATE_DONE') : 'JOB_STATE_RUNNING' }),
  },
};

/** The connection is closed in place of an answer. */
const NO_ANSWER = 0;

/** A request that came. */
export interface Came {
  readonly what: 'start' | 'look';
  /** The name of the job. */
  readonly job: string;
  readonly path: string;
  readonly body?: unknown;
}

/** The APIs of Google that start jobs and say how they are, on a port of this machine. Only the path tells the job. */
export async function googleApis(behaviours: Readonly<Record<string, Behaviour>>) {
  const came: Came[] = [];
  const count = (what: Came['what'], job: string) => came.filter((one) => one.what === what && one.job === job).length;
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => {
      text += chunk;
    });
    request.on('end', () => {
      const [code, answer] = answerTo(request.method!, request.url!, request.headers.authorization, text);
      if (code === NO_ANSWER) return request.socket.destroy();
      response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    came,
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => new Promise((closed) => server.close(closed)),
  };

  function answerTo(method: string, url: string, authorization: string | undefined, text: string): [number, object] {
    const [, host = '', path = ''] = /^\/([^/]+)(\/.*)$/.exec(url) ?? [];
    const api = APIS[host];
    const job = Object.keys(behaviours).find((name) => `${path}${text}`.includes(name));
    if (!api || !job) return [404, { error: { message: `Nothing at ${url}` } }];
    if (authorization !== 'Bearer token') return [401, { error: { message: 'No token' } }];
    const { refused = [], hidden = [], dropped = 0, looks = Number.POSITIVE_INFINITY, fails } = behaviours[job]!;
    if (method === 'POST') {
      came.push({ what: 'start', job, path, body: JSON.parse(text) });
      const code = refused[count('start', job) - 1];
      return code ? [code, { error: { message: 'busy' } }] : [200, api.started(`projects/p/locations/l/runs/${job}-1`)];
    }
    came.push({ what: 'look', job, path });
    if (count('look', job) <= dropped) return [NO_ANSWER, {}];
    const code = hidden[count('look', job) - dropped - 1];
    if (code) return [code, { error: { message: 'busy' } }];
    return [200, api.seen(count('look', job) - dropped - hidden.length > looks, fails)];
  }
}
