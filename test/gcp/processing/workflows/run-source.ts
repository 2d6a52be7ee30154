import { evaluate, type Scope, WorkflowError } from './expression';

/** A step of a workflow, without its name. */
type Body = Readonly<Record<string, any>>;
type Steps = readonly Readonly<Record<string, Body>>[];

/** What an execution did, and what it raised in the end. */
export interface Execution {
  /** The lines of its log. */
  readonly log: any[];
  /** How many steps it took. */
  steps: number;
  /** How many seconds it waited. */
  seconds: number;
  /** What it raised. */
  failed?: any;
}

/** The keys of each kind of step that our sources have. Others are refused. */
const KINDS: Readonly<Record<string, readonly string[]>> = {
  assign: ['next'],
  call: ['args', 'result', 'next'],
  switch: ['next'],
  for: [],
  parallel: [],
  raise: [],
  return: [],
  try: ['retry', 'except'],
};
const ARGUMENTS: Readonly<Record<string, readonly string[]>> = {
  'http.get': ['url', 'auth'],
  'http.post': ['url', 'body', 'auth'],
  'sys.sleep': ['seconds'],
  'sys.log': ['severity', 'json'],
};

/** Where a block of steps leads to: the result of the workflow, or a step of an outer block. */
type Way = { readonly returned: unknown } | undefined;

/**
 * Execute the source of a workflow as Workflows does, for the syntax that our sources use. Requests go to a server on this machine,
 * below a folder with the name of the host, and waits take no time.
 * @see https://cloud.google.com/workflows/docs/reference/syntax
 */
export async function runSource(source: string, server: string): Promise<Execution> {
  const { main, ...subworkflows } = JSON.parse(source) as Record<string, { params?: string[]; steps: Steps }>;
  const execution: Execution = { log: [], steps: 0, seconds: 0 };
  const functions: Scope['functions'] = {
    default: (value, otherwise) => value ?? otherwise,
    'map.get': (map, keys) => [keys].flat().reduce((holder: any, key: string) => holder?.[key] ?? null, map),
    'math.min': (one, other) => Math.min(one, other),
    'sys.now': () => 1_700_000_000 + execution.seconds,
    'text.replace_all': (text: string, found: string, by: string) => {
      if (typeof by !== 'string') throw new WorkflowError({ tags: ['TypeError'], message: 'text.replace_all takes texts' });
      return text.replaceAll(found, () => by);
    },
    'http.default_retry_predicate': ({ code }) => [429, 502, 503, 504].includes(code),
    'http.default_retry_predicate_non_idempotent': ({ code }) => [429, 503].includes(code),
  };
  try {
    await block(main!.steps, {});
  } catch (error) {
    if (!(error instanceof WorkflowError)) throw error;
    execution.failed = error.value;
  }
  return execution;

  function evaluated(value: any, variables: Record<string, unknown>): any {
    if (typeof value === 'string') return evaluate(value, { variables, functions });
    if (Array.isArray(value)) return value.map((one) => evaluated(one, variables));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, evaluated(one, variables)]));
  }

  async function block(steps: Steps, variables: Record<string, any>): Promise<Way> {
    const names = steps.map((step) => Object.keys(step)[0]!);
    for (let index = 0; index < steps.length; ) {
      const body = steps[index]![names[index]!]!;
      execution.steps += 1;
      const way = await perform(body, variables);
      if (way) return way;
      const next: string | undefined = body.next;
      if (next !== undefined && !names.includes(next)) throw new Error(`No step ${next} beside ${names.join(', ')}`);
      index = next === undefined ? index + 1 : names.indexOf(next);
    }
    return undefined;
  }

  async function perform(body: Body, variables: Record<string, any>): Promise<Way> {
    const [kind, ...others] = Object.keys(KINDS).filter((one) => one in body);
    if (!kind || others.length > 0) throw new Error(`Not one kind of step: ${Object.keys(body)}`);
    const unknown = Object.keys(body).filter((key) => key !== kind && !KINDS[kind]!.includes(key));
    if (unknown.length > 0) throw new Error(`Unknown in a step with ${kind}: ${unknown}`);
    switch (kind) {
      case 'assign':
        for (const pair of body.assign) for (const [name, value] of Object.entries(pair)) variables[name] = evaluated(value, variables);
        return undefined;
      case 'call': {
        const result = await call(body.call, evaluated(body.args, variables));
        if (body.result) variables[body.result] = result;
        return undefined;
      }
      case 'for':
        for (const one of evaluated(body.for.in, variables)) {
          // What a loop assigns is its own, unless it is there already.
          const inner = Object.assign(Object.create(null), variables, { [body.for.value]: one });
          const way = await block(body.for.steps, inner);
          for (const name of Object.keys(variables)) variables[name] = inner[name];
          if (way) return way;
        }
        return undefined;
      case 'parallel': {
        const branches = body.parallel.branches.flatMap((branch: Record<string, { steps: Steps }>) => Object.values(branch));
        const ends = await Promise.allSettled(branches.map(({ steps }: { steps: Steps }) => block(steps, { ...variables })));
        const raised = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason] : []));
        for (const error of raised) if (!(error instanceof WorkflowError)) throw error;
        if (raised.length > 0) throw new WorkflowError({ tags: ['UnhandledBranchError'], branches: raised.map(({ value }) => value) });
        return undefined;
      }
      case 'raise':
        throw new WorkflowError(evaluated(body.raise, variables));
      case 'return':
        return { returned: evaluated(body.return, variables) };
      case 'switch': {
        const taken = body.switch.find(({ condition }: Body) => {
          const value = evaluated(condition, variables);
          if (typeof value !== 'boolean') throw new Error(`A condition must be true or false: ${condition}`);
          return value;
        });
        if (!taken) return undefined;
        const { condition: _, steps, ...then } = taken;
        return steps ? block(steps, variables) : perform(then, variables);
      }
      default:
        return tried(body, variables);
    }
  }

  async function tried(body: Body, variables: Record<string, any>): Promise<Way> {
    const attempt = () => ('steps' in body.try ? block(body.try.steps, variables) : perform(body.try, variables));
    const { predicate, max_retries = 0, backoff } = body.retry ?? {};
    const [, own] = /^\$\{(\w+)\}$/.exec(predicate ?? '') ?? [];
    const isWorthIt = async (error: any): Promise<boolean> => {
      if (own === undefined) return predicate !== undefined && evaluated(predicate, variables)(error);
      return ((await block(subworkflows[own]!.steps, { [subworkflows[own]!.params![0]!]: error })) as any).returned;
    };
    let pause: number = backoff?.initial_delay;
    for (let retries = 0; ; retries += 1) {
      try {
        return await attempt();
      } catch (error) {
        if (!(error instanceof WorkflowError)) throw error;
        if (retries < max_retries && (await isWorthIt(error.value))) {
          execution.seconds += pause;
          pause = Math.min(pause * backoff.multiplier, backoff.max_delay);
          continue;
        }
        if (!body.except) throw error;
        variables[body.except.as] = error.value;
        return block(body.except.steps, variables);
      }
    }
  }

  async function call(name: string, args: Record<string, any>): Promise<unknown> {
    const known = subworkflows[name]?.params ?? ARGUMENTS[name];
    const wrong = Object.keys(args).filter((key) => !known?.includes(key));
    if (!known || wrong.length > 0) throw new Error(`No call ${name} with ${wrong}`);
    switch (name) {
      case 'sys.sleep':
        execution.seconds += args.seconds;
        return null;
      case 'sys.log':
        execution.log.push({ severity: args.severity, ...args.json });
        return null;
      case 'http.get':
      case 'http.post':
        return request(name.slice(5).toUpperCase(), args);
      default: {
        const way = await block(subworkflows[name]!.steps, { ...args });
        return way?.returned ?? null;
      }
    }
  }

  async function request(method: string, { url, body, auth }: Record<string, any>) {
    const { host, pathname, search } = new URL(url);
    const headers: Record<string, string> =
      auth?.type === 'OAuth2' && host.endsWith('.googleapis.com') ? { authorization: 'Bearer token' } : {};
    const response = await fetch(`${server}/${host}${pathname}${search}`, {
      method,
      headers: body === undefined ? headers : { ...headers, 'content-type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    }).catch((error: unknown) => {
      throw new WorkflowError({ tags: ['ConnectionError'], message: String(error) });
    });
    const answer: unknown = await response.json();
    if (response.ok) return { code: response.status, body: answer };
    throw new WorkflowError({
      tags: ['HttpError'],
      code: response.status,
      message: `HTTP server responded with ${response.status}`,
      body: answer,
    });
  }
}
