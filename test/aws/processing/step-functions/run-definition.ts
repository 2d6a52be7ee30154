/** The part of the Amazon States Language that our definitions use. */
interface State {
  readonly Type: string;
  readonly Resource?: string;
  readonly Parameters?: unknown;
  readonly Branches?: readonly Definition[];
  readonly Retry?: readonly { readonly ErrorEquals: readonly string[]; readonly MaxAttempts: number }[];
  readonly Catch?: readonly { readonly ErrorEquals: readonly string[]; readonly Next: string }[];
  readonly Next?: string;
}
interface Definition {
  readonly StartAt: string;
  readonly States: Readonly<Record<string, State>>;
}

/** How a job ends: well, or with the name of an error. */
export type Ends = (job: string, attempt: number) => string | undefined;

/** An error as a state reports it. */
class StateError extends Error {
  constructor(
    readonly error: string,
    override readonly cause: string,
  ) {
    super(cause);
  }
}

/** What an execution did: its tries in order, its letters, and the error that it ended with. */
export interface Run {
  readonly tries: string[];
  readonly letters: unknown[];
  failed?: string;
}

/**
 * Run a definition without waits: the states `Task`, `Parallel` and `Fail`, with retries and catches, as the specification has
 * them. Other states are refused.
 * @see https://states-language.net/spec.html#errors
 */
export function runDefinition(definition: Definition, input: unknown, ends: Ends): Run {
  const run: Run = { tries: [], letters: [] };
  const context = { Execution: { Id: 'execution-1', Input: input } };
  try {
    walk(definition, input);
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    run.failed = error.error;
  }
  return run;

  function walk({ StartAt, States }: Definition, start: unknown) {
    let value = start;
    for (let name: string | undefined = StartAt; name !== undefined; ) {
      const state: State = States[name]!;
      try {
        perform(name, state, value);
        name = state.Next;
      } catch (error) {
        if (!(error instanceof StateError)) throw error;
        const caught = state.Catch?.find(({ ErrorEquals }) => matches(ErrorEquals, error.error));
        if (!caught) throw error;
        value = { Error: error.error, Cause: error.cause };
        name = caught.Next;
      }
    }
  }

  function perform(name: string, state: State, value: unknown) {
    const used = new Map<unknown, number>();
    for (let attempt = 1; ; attempt++) {
      try {
        once(name, state, value, attempt);
        return;
      } catch (error) {
        if (!(error instanceof StateError)) throw error;
        const retrier = state.Retry?.find(({ ErrorEquals }) => matches(ErrorEquals, error.error));
        const count = (used.get(retrier) ?? 0) + 1;
        if (!retrier || count > retrier.MaxAttempts) throw error;
        used.set(retrier, count);
      }
    }
  }

  function once(name: string, state: State, value: unknown, attempt: number) {
    if (state.Type === 'Fail') throw new StateError((value as { Error: string }).Error, 'as caught');
    if (state.Type === 'Parallel') {
      for (const branch of state.Branches!) walk(branch, value);
      return;
    }
    if (state.Type !== 'Task') throw new Error(`a state ${state.Type} is not known here`);
    const parameters = filled(state.Parameters, value);
    if (state.Resource!.endsWith(':states:::sqs:sendMessage')) {
      run.letters.push((parameters as { MessageBody: unknown }).MessageBody);
      return;
    }
    run.tries.push(name);
    const error = ends(name, attempt);
    if (error !== undefined) throw new StateError(error, `${name} has failed`);
  }

  /** Replace the keys that end in `.$` by what their paths name. */
  function filled(template: unknown, value: unknown): unknown {
    if (typeof template !== 'object' || template === null) return template;
    return Object.fromEntries(
      Object.entries(template).map(([key, part]) => {
        if (!key.endsWith('.$')) return [key, filled(part, value)];
        const path = part as string;
        const [from, steps] = path.startsWith('$$') ? [context as unknown, path.slice(2)] : [value, path.slice(1)];
        const found = steps
          .split('.')
          .filter(Boolean)
          .reduce((at, step) => (at as Record<string, unknown>)[step], from);
        return [key.slice(0, -2), found];
      }),
    );
  }
}

function matches(names: readonly string[], error: string): boolean {
  return names.some((name) => name === error || name === 'States.ALL' || (name === 'States.TaskFailed' && error !== 'States.Timeout'));
}
