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

/** Work that is started, runs to its end and has a result: a Spark batch, a workflow, a Cloud Run job. */
export interface Job {
  /** Let `starter` start, monitor and stop the job, and nothing else. */
  bindStart(starter: Workload): StartRequest;
}
