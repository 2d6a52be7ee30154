import type { ITerraformDependable } from 'cdktf';
import type { Workload } from './identity';

/** How an orchestrator starts a job by HTTPS, and waits for its end. */
export interface StartRequest {
  readonly method: 'POST' | 'PUT';
  readonly url: string;
  /** The body of the request, as JSON. */
  readonly body?: string;
  /** The resource that the token of the starter is for, such as `https://management.azure.com`. */
  readonly audience: string;
  /** The role assignments. Without them in place the first start is denied. */
  readonly waitFor: readonly ITerraformDependable[];
}

/** Work that is started, runs to its end and says how it went: a copy of Data Factory, a Spark job, a container that ends. */
export interface Job {
  /** Let `starter` start the job, watch it and stop it, and nothing else. */
  bindStart(starter: Workload): StartRequest;
}
