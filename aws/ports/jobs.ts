import type { IDependable } from 'constructs';
import type { Workload } from './identity';

/** The task with which a state machine starts a job and waits for its end. */
export interface StartRequest {
  /** The integration of Step Functions, such as `arn:aws:states:::glue:startJobRun.sync`. */
  readonly resource: string;
  /** The parameters of the call. The value of a key that ends in `.$` is a JSON path into the input of the state. */
  readonly parameters: Readonly<Record<string, unknown>>;
  /**
   * The errors of a start that pass by themselves, such as throttling, or too many runs at the same time. The state machine
   * waits for them longer than for a failure.
   * @default - each error counts as a failure
   */
  readonly busy?: readonly string[];
  /** The permissions. If they do not exist before the state machine, its first start of the job is denied. */
  readonly waitFor: readonly IDependable[];
}

/** A job that is started, ends, and reports a result: a Glue job, a Spark application, a container task. */
export interface Job {
  /** Allow `starter` to start the job, read its state and stop it, and nothing else. */
  bindStart(starter: Workload): StartRequest;
}
