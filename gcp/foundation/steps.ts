import type { IConstruct } from 'constructs';
import { requireText, SettingError, type TextRule } from '../../shared/synth/settings';
import type { Job } from '../ports/jobs';

/** The jobs of one step, by their names. They run in parallel. */
export type Step = Readonly<Record<string, Job>>;

const JOB_NAME: TextRule = {
  pattern: /^(?!step\d+(branch\d+)?$)[a-z]\w{0,39}$/i,
  must: 'name each job in 1 to 40 letters, digits and underscores, a letter first',
  remedy: 'The names Step1, Step2 and so on are those of steps. Write steps like [{ Pull: job }].',
};
/** How many jobs Workflows runs in parallel. The limit is the same for all orchestrations, so that steps fit each of them. */
const MOST_BRANCHES = 10;

/**
 * Refuse steps that are no list of jobs with unique names.
 * @throws SettingError
 */
export function requireSteps(scope: IConstruct, steps: readonly Step[]) {
  const remedy = 'Write steps like [{ Pull: job }, { Report: report, Export: exporter }].';
  if (!Array.isArray(steps) || steps.length === 0) {
    throw new SettingError(scope, 'steps must have at least one step', kindOf(steps), remedy);
  }
  for (const step of steps as readonly unknown[]) {
    const jobs = typeof step === 'object' && step !== null && !Array.isArray(step) ? Object.keys(step).length : 0;
    if (jobs === 0) throw new SettingError(scope, 'each step must have at least one job', kindOf(step), remedy);
    if (jobs > MOST_BRANCHES) {
      const less = 'Workflows runs no more in parallel. Make two steps of it.';
      throw new SettingError(scope, `each step must have at most ${MOST_BRANCHES} jobs`, jobs, less);
    }
  }
  const jobs = steps.flatMap((step: Step) => Object.entries(step));
  for (const [name] of jobs) requireText(scope, { steps: name }, JOB_NAME);
  const names = jobs.map(([name]) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) {
    throw new SettingError(
      scope,
      'steps must name each job differently',
      `${JSON.stringify(twice)} twice`,
      'Give one of them another name.',
    );
  }
  for (const [name, job] of jobs) {
    if (typeof job?.bindRun === 'function') continue;
    const other = 'Give a construct that implements Job, such as CloudRunJob or QueryJob.';
    throw new SettingError(scope, `steps must have a job as ${JSON.stringify(name)}`, kindOf(job), other);
  }
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value !== 'object' || value === null) return typeof value === 'string' ? JSON.stringify(value.slice(0, 100)) : String(value);
  const { name } = value.constructor;
  return name === 'Object' ? `an object of ${Object.keys(value).length}` : name;
}
