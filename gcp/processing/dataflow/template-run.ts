import { ProjectIamMember } from '@cdktf/provider-google/lib/project-iam-member';
import type { ServiceAccount } from '@cdktf/provider-google/lib/service-account';
import { ServiceAccountIamMember } from '@cdktf/provider-google/lib/service-account-iam-member';
import type { ITerraformDependable } from 'cdktf';
import { acknowledge } from '../../../shared/synth/acknowledge';
import { onceIn } from '../../foundation/once';
import type { Workload } from '../../ports/identity';
import type { Job, RunRequest, StartRequest } from '../../ports/jobs';
import type { Site } from '../../ports/site';

/** What a run of a template is started with. */
export interface TemplateRunProps {
  readonly site: Site;
  /** The template, without its folder: a release and a name. */
  readonly template: string;
  /** The name of the job of each run. A run is refused while one with its name is running. */
  readonly jobName: string;
  readonly parameters: Readonly<Record<string, string>>;
  /** The account of the workers. */
  readonly account: ServiceAccount;
  /** The name of the job with this account, unique among those that somebody starts. */
  readonly name: string;
  /** The other settings of its workers. */
  readonly environment: Readonly<Record<string, unknown>>;
  /** The grants of the workers. */
  readonly waitFor: readonly ITerraformDependable[];
}

/**
 * A run of a batch template, which has no resource: Terraform would start it at each apply, and again if a setting changes.
 * @see https://cloud.google.com/dataflow/docs/reference/rest/v1b3/projects.locations.templates/launch
 */
export class TemplateRun implements Job {
  /** The name of the job of each run. */
  readonly jobName: string;

  constructor(private readonly props: TemplateRunProps) {
    this.jobName = props.jobName;
  }

  /** The start of a run is granted on the project: Dataflow has no permission on a single job. */
  bindStart(starter: Workload): StartRequest {
    const { site, template, jobName, parameters, account, environment, waitFor } = this.props;
    const path = `gs://dataflow-templates-${site.region}/${template}`;
    return {
      url: `${this.jobs('templates:launch')}?gcsPath=${path}`,
      body: JSON.stringify({ jobName, parameters, environment: { serviceAccountEmail: account.email, ...environment } }),
      token: 'oauth',
      waitFor: [...waitFor, this.allowActAs(starter), allowLaunch(starter, site.project)],
    };
  }

  bindRun(starter: Workload): RunRequest {
    return {
      ...this.bindStart(starter),
      token: 'oauth',
      run: {
        name: ['job', 'id'],
        url: this.jobs('jobs/{run}'),
        state: ['currentState'],
        succeeded: 'JOB_STATE_DONE',
        failed: ['JOB_STATE_FAILED', 'JOB_STATE_CANCELLED'],
      },
    };
  }

  private jobs(path: string): string {
    const { project, region } = this.props.site;
    return `https://dataflow.googleapis.com/v1b3/projects/${project}/locations/${region}/${path}`;
  }

  /** Whoever starts several runs of one job acts as its account by one grant. */
  private allowActAs(starter: Workload): ServiceAccountIamMember {
    const { name, account } = this.props;
    const id = `ActsAs${name}`;
    return onceIn(starter, id, () => {
      const role = 'roles/iam.serviceAccountUser';
      const grant = new ServiceAccountIamMember(starter, id, { serviceAccountId: account.name, role, member: starter.member });
      acknowledge(grant, { 'least-privilege': 'Google has no smaller role to act as an account. It is granted on this account only.' });
      return grant;
    });
  }
}

/** The permission to start jobs of Dataflow, once for each starter. */
function allowLaunch(starter: Workload, project: string): ProjectIamMember {
  const id = 'DataflowDeveloper';
  return onceIn(starter, id, () => {
    const grant = new ProjectIamMember(starter, id, { project, role: 'roles/dataflow.developer', member: starter.member });
    acknowledge(grant, {
      CKV_GCP_49:
        'Jobs run as accounts that the starter must be allowed to act as. Google has no role that starts jobs on less than the project.',
    });
    return grant;
  });
}
