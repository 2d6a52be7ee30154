import type { ITerraformDependable } from 'cdktf';
import type { Workload } from './identity';

/** How an orchestrator starts a job over HTTPS, and waits for its end. */
export interface StartRequest {
  readonly method: 'POST' | 'PUT';
  readonly url: string;
  /** The body of the request, as JSON. */
  readonly body?: string;
  /** The resource that the caller requests a token for, such as `https://management.azure.com`. */
  readonly audience: string;
  /** The role assignments. They must exist before the first start, or it is denied. */
  readonly waitFor: readonly ITerraformDependable[];
}

/** Work that is started, runs to its end and has a result: a Data Factory copy, a Spark job, a container job. */
export interface Job {
  /** Let `starter` start, monitor and stop the job, and nothing else. */
  bindStart(starter: Workload): StartRequest;
}
