import type { ITerraformDependable } from 'cdktf';
import type { Workload } from './identity';

/** How a schedule or an orchestrator starts a job by HTTPS POST. */
export interface StartRequest {
  readonly url: string;
  /** The body of the request, as JSON. */
  readonly body?: string;
  /** The token that the starter brings: of OAuth to an API of Google, of OIDC to a service of ours. */
  readonly token: 'oauth' | 'oidc';
  /** The IAM members. Without them in place the first start is denied. */
  readonly waitFor: readonly ITerraformDependable[];
}

/** Work that is started, runs to its end and says how it went: a Spark batch, a workflow, a container that ends. */
export interface Job {
  /** Let `starter` start the job, watch it and stop it, and nothing else. */
  bindStart(starter: Workload): StartRequest;
}
