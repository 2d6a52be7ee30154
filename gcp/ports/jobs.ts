import type { ITerraformDependable } from 'cdktf';
import type { Workload } from './identity';

/** How a scheduler or an orchestrator starts a job by HTTPS POST. */
export interface StartRequest {
  readonly url: string;
  /** The body of the request, as JSON. */
  readonly body?: string;
  /** The token of the caller: OAuth for a Google API, OIDC for a Cloud Run service or a function. */
  readonly token: 'oauth' | 'oidc';
  /** The IAM members. They must exist before the first start, or it is denied. */
  readonly waitFor: readonly ITerraformDependable[];
}

/** How to see whether a run of a job has ended. Each path is the list of keys that lead to a value in the JSON of an answer. */
export interface RunState {
  /** The path to the name of the run, in the answer to the start. */
  readonly name: readonly string[];
  /** The address of the run, with `{run}` in place of its name. GET answers with its state. */
  readonly url: string;
  /** The path to the state, or to the list of its conditions: each has `type`, `state` and `message`. */
  readonly state: readonly string[];
  /**
   * The type of the condition whose state is that of the run.
   * @default - `state` is the path to the state itself
   */
  readonly condition?: string;
  /** The state of a run that has succeeded. */
  readonly succeeded: string;
  /** The states of a run that has failed or was stopped. In every other state it goes on. */
  readonly failed: readonly string[];
  /**
   * The path to the error. A run that has one has failed, in whatever state it is.
   * @default - only the state says that a run has failed
   */
  readonly error?: readonly string[];
}

/** How an orchestrator starts a job of a Google API, and waits for its end. */
export interface RunRequest extends StartRequest {
  readonly token: 'oauth';
  readonly run: RunState;
}

/** Work that is started, runs to its end and has a result: a Spark batch, a workflow, a Cloud Run job. */
export interface Job {
  /** Let `starter` start the job, and nothing else. */
  bindStart(starter: Workload): StartRequest;
  /** Let `starter` start the job and see whether its runs have ended, and nothing else. */
  bindRun(starter: Workload): RunRequest;
}
