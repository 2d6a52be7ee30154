import type { Cost, Load } from '../../../shared/read/facts/cost';
import type { JobFacts, Needed, Seen, StartedJob } from '../../../shared/read/facts/types';
import type { Step } from '../../../shared/read/picture';
import { receiverOf } from '../../../shared/read/read';
import type { Asked, Body, Stack } from '../../../shared/read/stack';
import { flowOfJob, withoutResource } from '../schedule/promises';

/** A job in the source of an orchestration: its name, and the request of its start. */
export interface Called {
  readonly job: string;
  readonly url: string;
  readonly body: Body;
}

/** What runs the jobs of an orchestration, and the id of the account that starts them. */
export interface Orchestrating {
  readonly by: Asked;
  readonly starter: string;
}

/** The steps of an orchestration to its jobs. */
export function flowOfJobs({ by, starter }: Orchestrating, steps: readonly (readonly Called[])[], seen: Seen): Step[] {
  return steps.flatMap((calls, index) =>
    calls.flatMap((call): Step[] => {
      const to = resourceOf(call, seen);
      const how = `step ${index + 1} of ${steps.length}`;
      if (to) return [{ from: by.stage, how, to: receiverOf(to), notes: seen.tell(to), between: [by.id, to.id] }];
      const found = withoutResource(call.url, call.body, starter);
      return found ? flowOfJob(found, seen, { from: by.stage, how, id: by.id }) : [];
    }),
  );
}

/** What jobs without a resource need. */
export function needsOfJobs(calls: readonly Called[], starter: string, stack: Stack): Needed[] {
  return ofJobs(calls, starter, (known, job) => known.needs(job, stack));
}

/** What jobs without a resource cost. */
export function costsOfJobs(calls: readonly Called[], starter: string, runs: number, load: Load): Cost[] {
  return ofJobs(calls, starter, (known, job) => known.costs(job, runs, load));
}

/** The resource of a job, as its address names it. */
function resourceOf({ url }: Called, stack: Stack): Asked | undefined {
  const [, id] = /\$\{(google_\w+\.[\w-]+)\.\w+\}/.exec(url) ?? [];
  return id === undefined ? undefined : stack.get(id);
}

/** Ask the facts of each job that has no resource. */
function ofJobs<Answer>(calls: readonly Called[], starter: string, ask: (known: JobFacts, job: StartedJob) => readonly Answer[]): Answer[] {
  return calls.flatMap(({ url, body }) => {
    const found = withoutResource(url, body, starter);
    return found ? ask(...found) : [];
  });
}
