import { ProjectIamMember } from '@cdktf/provider-google/lib/project-iam-member';
import { WorkflowsWorkflow } from '@cdktf/provider-google/lib/workflows-workflow';
import { Construct } from 'constructs';
import { takeName } from '../../../shared/synth/kept-name';
import { literal } from '../../../shared/synth/literal';
import { CHANNELS, requireNumber, requireText, requireTexts, SettingError } from '../../../shared/synth/settings';
import { needApis } from '../../foundation/apis';
import { Propagation } from '../../foundation/propagation';
import { type Recurrence, requireRecurrence, Schedule } from '../../foundation/schedule/schedule';
import { ACCOUNT_NAME, accountOf, EMAIL } from '../../foundation/service-account';
import { requireSteps, type Step } from '../../foundation/steps';
import type { Workload } from '../../ports/identity';
import type { Job, RunRequest, StartRequest } from '../../ports/jobs';
import type { Site } from '../../ports/site';
import { longestExecution, MOST_STEPS, sourceOf } from './source';
import { alertOnFailed, alertOnSilence } from './workflow-alerts';
import { invokerOf } from './workflow-start';

/** Settings for {@link WorkflowsOrchestration}. */
export interface WorkflowsOrchestrationProps {
  /** The project, the region and the prefix of the workflow. */
  readonly site: Site;
  /**
   * The steps, in order. A step has one job, or up to ten that run in parallel, by the names that the log shows:
   * `[{ Pull: job }, { Report: report, Export: exporter }]`. If a job of a step fails, the others of this step go on to their end,
   * and the next step is not started.
   */
  readonly steps: readonly Step[];
  /**
   * When executions start. One can start twice, and while another is running: then each of its jobs runs twice, perhaps at the same
   * time.
   * @default - only people and services with the permission start executions
   */
  readonly schedule?: Recurrence;
  /**
   * The end of the name of the workflow: 1 to 10 lower-case letters and digits. Each workflow of a site needs its own name, which no
   * job with a schedule has.
   * @default jobs
   */
  readonly name?: string;
  /**
   * How often the start of a job is tried again, from 0 to 10, if it is refused because the service is busy. A job that has started
   * and fails is not started again: it has retries of its own.
   * @default 5
   */
  readonly maxRetries?: number;
  /**
   * How long a job may take, from 60 seconds to a day. Then the execution fails, but the job is not stopped: set it above the time
   * limit of each job itself.
   * @default 14400
   */
  readonly timeoutSeconds?: number;
  /**
   * The email of an existing service account that the workflow runs as. It is granted the permissions that it needs.
   * @default - a new service account, for this workflow only
   */
  readonly serviceAccount?: string;
  /**
   * The ids of the notification channels that every alert notifies.
   * @default - alerts open an incident without a notification
   */
  readonly notify?: readonly string[];
}

/**
 * Processing stage: a workflow of Workflows that runs jobs in order, and starts each when those before it have succeeded.
 *
 * It starts a job, looks at it after 15 seconds and then at most every 2 minutes until it has ended, and fails if it has failed. An
 * alert fires then, and the log names the job. Another one fires when nothing succeeds in the time of a pause of the schedule and of the
 * longest execution; Cloud Monitoring looks back 23.5 hours, so a daily schedule has only the first. Jobs must be repeatable:
 * executions can start twice and overlap, and one that failed is started again from its first step.
 *
 * Do not use it for single events: use `CloudFunctionProcessor`. Do not use it for one job: give the job its own schedule. It has no
 * page that shows past runs step by step, and no Python of yours between jobs: `ComposerOrchestration` has both, for hundreds of dollars a
 * month idle.
 *
 * Idle it costs its alerts and its schedule. An hour of waiting for a job costs less than a cent. A deploy replaces the workflow with
 * another region or name; everything else applies from the next execution. The deployer must be allowed to act as its service account.
 * @see https://cloud.google.com/workflows/docs/overview
 */
export class WorkflowsOrchestration extends Construct implements Workload, Job {
  readonly name: string;
  readonly member: string;
  /** The workflow, for anything this construct does not cover. */
  readonly workflow: WorkflowsWorkflow;
  /** What starts executions, if there is a schedule. */
  readonly schedule?: Schedule;

  private readonly project: string;

  constructor(scope: Construct, id: string, props: WorkflowsOrchestrationProps) {
    super(scope, id);
    const { site, steps, schedule, name = 'jobs', maxRetries = 5, timeoutSeconds = 4 * 3600, notify = [] } = props;
    requireSteps(this, steps);
    this.check({ ...props, name, maxRetries, timeoutSeconds });
    takeName(this, 'workflow of a site', name, [site.project, site.prefix]);
    needApis(this, 'iam', 'logging', 'monitoring', 'workflowexecutions', 'workflows');
    this.name = name;
    this.project = site.project;
    const base = `${site.prefix}-${name}`;

    const email = props.serviceAccount ?? accountOf(this, 'Account', site, `${base}-flow`, `Runs the workflow ${base}`).email;
    this.member = `serviceAccount:${email}`;
    const requests = steps.map((step) => Object.fromEntries(Object.entries(step).map(([job, one]) => [job, one.bindRun(this)])));
    const source = sourceOf(this, requests, { maxRetries, timeoutSeconds });
    const grants = new Set([
      ...requests.flatMap((step) => Object.values(step).flatMap(({ waitFor }) => waitFor)),
      new ProjectIamMember(this, 'LogWriter', { project: site.project, role: 'roles/logging.logWriter', member: this.member }),
    ]);

    this.workflow = new WorkflowsWorkflow(this, 'Workflow', {
      project: site.project,
      region: site.region,
      name: base,
      serviceAccount: email,
      sourceContents: literal(source),
      // The log has neither what is sent to jobs nor what they answer, unless a call fails.
      callLogLevel: 'LOG_ERRORS_ONLY',
      // It holds no data.
      deletionProtection: false,
      dependsOn: [...site.waitFor, new Propagation(this, 'Propagation', [...grants])],
    });
    const watched = { project: site.project, workflow: this.workflow.name, name: base, notify };
    alertOnFailed(this, watched);
    if (schedule === undefined) return;
    this.schedule = new Schedule(this, 'Schedule', { site, name, job: this, recurrence: schedule, notify });
    alertOnSilence(this, watched, schedule, steps.length * timeoutSeconds);
  }

  bindStart(starter: Workload): StartRequest {
    return {
      url: `https://workflowexecutions.googleapis.com/v1/${this.workflow.id}/executions`,
      body: '{}',
      token: 'oauth',
      waitFor: [invokerOf(starter, this.project, this.name)],
    };
  }

  bindRun(starter: Workload): RunRequest {
    return {
      ...this.bindStart(starter),
      token: 'oauth',
      run: {
        name: ['name'],
        url: 'https://workflowexecutions.googleapis.com/v1/{run}',
        state: ['state'],
        succeeded: 'SUCCEEDED',
        failed: ['FAILED', 'CANCELLED', 'UNAVAILABLE'],
        error: ['error'],
      },
    };
  }

  private check({ name, maxRetries, timeoutSeconds, steps, schedule, serviceAccount, notify }: CheckedProps) {
    requireText(this, { name }, ACCOUNT_NAME);
    const busy = 'A service that is busy for longer needs another time.';
    requireNumber(this, { maxRetries }, { from: 0, to: 10, unit: 'retries', remedy: busy }, 'known');
    requireNumber(
      this,
      { timeoutSeconds },
      { from: 60, to: 24 * 3600, unit: 'seconds', remedy: 'Divide a job that takes longer.' },
      'known',
    );
    const jobs = steps.reduce((sum, step) => sum + Object.keys(step).length, 0);
    const executed = longestExecution(jobs, timeoutSeconds);
    if (executed > MOST_STEPS) {
      const rule = `jobs and timeoutSeconds must leave an execution below the ${MOST_STEPS} steps that Workflows allows`;
      throw new SettingError(this, rule, `${jobs} jobs of up to ${timeoutSeconds} seconds`, 'Lower timeoutSeconds, or divide the steps.');
    }
    if (schedule !== undefined) requireRecurrence(this, schedule);
    if (serviceAccount !== undefined) requireText(this, { serviceAccount }, EMAIL);
    requireTexts(this, { notify }, CHANNELS);
  }
}

type CheckedProps = WorkflowsOrchestrationProps & Required<Pick<WorkflowsOrchestrationProps, 'name' | 'maxRetries' | 'timeoutSeconds'>>;
