import { BRINGS_NOTHING, type Cost, type Load } from '../../../shared/read/facts/cost';
import { promised, setTo } from '../../../shared/read/facts/promise';
import type { Needed, Seen, ServiceFacts } from '../../../shared/read/facts/types';
import { replace, set } from '../../../shared/read/facts/weaken';
import type { Step } from '../../../shared/read/picture';
import { type Asked, only, type Stack } from '../../../shared/read/stack';
import { type Called, costsOfJobs, flowOfJobs, needsOfJobs } from '../../foundation/orchestration/promises';
import { alertOn, allOf, readyBeforeWork } from '../../foundation/promises';
import { runnerOf, startersOf, startsAMonth, withExpressions } from '../../foundation/schedule/promises';

const WORKFLOW = 'google_workflows_workflow';
const RUNS_AS = 'service_account';
/** How many steps it takes to wait ten minutes for a job. */
const STEPS_OF_JOB = 100;

export const facts: ServiceFacts = {
  name: 'Workflows',
  local: { not: 'the jobs that it starts do not run on this machine' },
  unproven: [
    'That Workflows accepts the source: the tests execute it with an interpreter of their own, for the syntax that it uses.',
    'That the answers of Cloud Run, BigQuery and Workflows have their state where the source looks for it.',
    'That the viewer of a job of Cloud Run may read its executions.',
  ],
  types: {
    [WORKFLOW]: {
      name: 'workflow',
      role: 'moves data',
      apis: ['workflows', 'workflowexecutions'],
      replacedBy: ['name', 'name_prefix', 'project', 'region', 'tags'],
      named: ['name', /^(?=.{1,64}$)[a-zA-Z]([\w-]*[a-zA-Z0-9])?$/],
      computed: { id: 'projects/acme-data/locations/europe-west1/workflows/acme' },
      tells: (workflow) => ['Workflows', counts(jobsIn(workflow).length, 'job'), `in ${counts(stepsIn(workflow).length, 'step')}`],
      flow: flowOf,
      actsAs: [RUNS_AS],
      needs: needsOf,
      promises: [
        promised(
          'in-order',
          'start a job only after those before it have succeeded',
          (workflow) =>
            ['error != null or state in run.failed', 'state == run.succeeded'].every((check) => sourceOf(workflow).includes(check)),
          {
            'it starts the next job while one is running': replace('state == run.succeeded', 'true'),
            'it starts the next job after one has failed': replace('error != null or state in run.failed', 'false'),
          },
        ),
        promised(
          'bounded-retries',
          'start a job at most ten times more, and only if it was refused',
          (workflow) => {
            const { predicate, max_retries = 0 } = retryIn(workflow) ?? {};
            return max_retries <= 10 && predicate?.includes('default_retry_predicate_non_idempotent') === true;
          },
          {
            'a start that is refused is tried again without end': replace(/(?<=max_retries\\": )\d+/, '1000000'),
            'a job that is running is started again': replace('default_retry_predicate_non_idempotent', 'default_retry_predicate'),
          },
        ),
        promised('bounded-time', 'end if a job takes too long', (workflow) => sourceOf(workflow).includes('sys.now() > deadline'), {
          'it waits for a job without end': replace('sys.now() > deadline', 'false'),
        }),
        promised('own-identity', 'run as a service account of its own', (workflow) => workflow.get(RUNS_AS).length === 1, {
          'it runs as the default service account of the project': set(RUNS_AS),
        }),
        readyBeforeWork(RUNS_AS),
        setTo({
          rule: 'private',
          must: 'log no calls but those that fail',
          at: 'call_log_level',
          to: ['LOG_ERRORS_ONLY'],
          weak: 'LOG_ALL_CALLS',
          worse: 'what is sent to jobs is in the log',
        }),
        alertOn({
          what: 'failed executions',
          must: 'have its own alert that fires when an execution fails',
          metric: 'metric.labels.status = "FAILED"',
          label: 'workflow_id',
          atMost: 0,
        }),
      ],
      answered: { 'nothing-lost': 'An execution is no event: its jobs find what they missed, and an alert tells of each one that fails.' },
      costs: costsOf,
      brings: BRINGS_NOTHING,
      local: 'no effect here',
    },
  },
  // https://cloud.google.com/workflows/docs/access-control. A condition on resource.name has no effect on Workflows:
  // https://cloud.google.com/iam/docs/conditions-resource-attributes.
  roles: {
    'roles/workflows.admin': { permissions: ['workflows.*'] },
    'roles/workflows.invoker': {
      permissions: [
        ...['cancel', 'create', 'get', 'list'].map((verb) => `workflows.executions.${verb}`),
        ...['resourcemanager.projects.get', 'resourcemanager.projects.list'],
      ],
      surplus: 'Google has no role that only starts executions, and none on a single workflow. It does not show or change workflows.',
    },
  },
};

/** The parts of a step that are read here: https://cloud.google.com/workflows/docs/reference/syntax. */
interface SourceStep {
  readonly args?: Called;
  readonly parallel?: { readonly branches: readonly Named<{ readonly steps: readonly Named<SourceStep>[] }>[] };
  readonly try?: { readonly steps: readonly Named<SourceStep>[] };
  readonly retry?: { readonly predicate: string; readonly max_retries: number };
}
type Named<Value> = Readonly<Record<string, Value>>;
type Source = Named<{ readonly steps: readonly Named<SourceStep>[] } | undefined>;

/** The source, as Workflows gets it, but with references of Terraform. */
function sourceOf(workflow: Asked): string {
  return withExpressions(String(only(workflow, 'source_contents') ?? '{}'))
    .replaceAll('$${', '${')
    .replaceAll('%%{', '%{');
}

/** The steps of the main workflow, or of a subworkflow. */
function stepsOf(workflow: Asked, name: string): readonly Named<SourceStep>[] {
  return (JSON.parse(sourceOf(workflow)) as Source)[name]?.steps ?? [];
}

/** The jobs of each step. */
function stepsIn(workflow: Asked): Called[][] {
  const inside = (step: Named<SourceStep>): Called[] =>
    Object.values(step).flatMap(({ args, parallel }) => {
      const branches = (parallel?.branches ?? []).flatMap((branch) => Object.values(branch));
      return args ? [args] : branches.flatMap(({ steps }) => steps.flatMap(inside));
    });
  return stepsOf(workflow, 'main').map(inside);
}

function jobsIn(workflow: Asked): Called[] {
  return stepsIn(workflow).flat();
}

/** How the start of a job is retried. */
function retryIn(workflow: Asked): SourceStep['retry'] {
  const [attempt] = stepsOf(workflow, 'run_job').flatMap((step) => Object.values(step));
  return attempt?.try?.steps.flatMap((step) => Object.values(step))[0]?.retry;
}

function flowOf(workflow: Asked, seen: Seen): Step[] {
  return flowOfJobs({ by: workflow, starter: runnerOf(workflow) }, stepsIn(workflow), seen);
}

function needsOf(workflow: Asked, stack: Stack): Needed[] {
  const who = runnerOf(workflow);
  return [
    ...allOf('roles/logging.logWriter').map((may) => ({ who, may, on: 'project', because: 'it writes to its log which job failed' })),
    ...needsOfJobs(jobsIn(workflow), who, stack),
    ...startersOf(workflow, stack).flatMap((starter) =>
      ['create', ...(starter.waits ? ['get'] : [])].map((verb) => ({
        who: starter.who,
        may: `workflows.executions.${verb}`,
        on: 'project',
        because: verb === 'get' ? 'it waits for the end of the workflow' : 'it starts the workflow',
      })),
    ),
  ];
}

/** Each job takes ten minutes. */
function costsOf(workflow: Asked, load: Load): Cost[] {
  const runs = startsAMonth(workflow, load.stack);
  const jobs = jobsIn(workflow);
  return [
    {
      what: 'steps, 10 minutes of waiting for each job',
      price: 'workflowsSteps',
      units: runs * jobs.length * STEPS_OF_JOB,
      lower: 'A `schedule` that starts it less often.',
    },
    ...costsOfJobs(jobs, runnerOf(workflow), runs, load),
  ];
}

function counts(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
