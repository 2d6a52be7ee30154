import type { IConstruct } from 'constructs';
import { packageScript, textOfScript } from '../../../shared/synth/script-package';
import { SettingError } from '../../../shared/synth/settings';
import type { RunRequest } from '../../ports/jobs';
import type { DagSchedule } from './composer-settings';

/** The script, which reads its settings from a JSON text in it. */
const SCRIPT = textOfScript(packageScript('gcp/runtime/airflow/run-jobs'));
const PLACE = '@SETTINGS@';
const MOST_BYTES = 1024 ** 2;

/** What a DAG runs, and when. */
export interface Dag {
  /** Its name in Airflow. */
  readonly name: string;
  /**
   * When it runs.
   * @default - when somebody starts it
   */
  readonly schedule?: DagSchedule;
  /** How often the start of a job is tried again. */
  readonly maxRetries: number;
  /** How long a job may take, in seconds. */
  readonly timeoutSeconds: number;
  /** The jobs of each step, by their names. */
  readonly steps: readonly Readonly<Record<string, RunRequest>>[];
}

/**
 * The Python of a DAG. All that it is told is one JSON text in a raw string. In JSON, every quote within a text has a backslash before
 * it, and no three quotes follow each other: no text can end the string.
 * @throws SettingError if it is larger than Airflow should read every minute
 */
export function dagOf(scope: IConstruct, { name, schedule, maxRetries, timeoutSeconds, steps }: Dag): string {
  const { cron, timeZone = 'UTC', paused = false } = schedule ?? {};
  const told = {
    name,
    cron: cron === undefined || paused ? null : cron,
    timeZone,
    maxRetries,
    timeoutSeconds,
    steps: steps.map((step) =>
      Object.entries(step).map(([job, { url, body = '{}', run }]) => ({ job, url, body: JSON.parse(body) as unknown, run })),
    ),
  };
  const dag = SCRIPT.replace(PLACE, () => JSON.stringify(told, null, 2));
  const bytes = Buffer.byteLength(dag);
  if (bytes > MOST_BYTES) {
    throw new SettingError(
      scope,
      `steps must make a DAG of at most ${MOST_BYTES} bytes`,
      bytes,
      'Divide the steps, or write shorter queries.',
    );
  }
  return dag;
}
