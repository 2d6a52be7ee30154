import type { IDependable } from 'constructs';
import type { Workload } from './identity';

/** How a state machine starts a job and waits for its end. */
export interface StartRequest {
  /** The integration of Step Functions, such as `arn:aws:states:::glue:startJobRun.sync`. */
  readonly resource: string;
  /** The parameters of the call. A key that ends in `.$` holds a JSON path into the input of the state. */
  readonly parameters: Readonly<Record<string, unknown>>;
  /** The permissions. Without them in place the first start is denied. */
  readonly waitFor: readonly IDependable[];
}

/** Work that is started, runs to its end and says how it went: a Glue job, a Spark application, a container that ends. */
export interface Job {
  /** Let `starter` start the job, watch it and stop it, and nothing else. */
  bindStart(starter: Workload): StartRequest;
}
