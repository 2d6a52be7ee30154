import type { IConstruct } from 'constructs';
import {
  CHANNELS,
  KMS_KEY,
  requireNumber,
  requireOneOf,
  requireText,
  requireTexts,
  SettingError,
  type TextRule,
} from '../../../shared/synth/settings';
import { requireNetwork } from '../../foundation/network';
import { type Recurrence, requireCron, requireRecurrence } from '../../foundation/schedule/schedule';
import { ACCOUNT_NAME, EMAIL } from '../../foundation/service-account';
import { requireSteps, type Step } from '../../foundation/steps';
import type { Network } from '../../ports/network';

/** When a DAG runs. Airflow itself starts the runs, and no start is refused. */
export type DagSchedule = Omit<Recurrence, 'maxRetries'>;

/** The sizes of the parts of Airflow that run all the time, and of its database. */
export const SIZES = { small: 'ENVIRONMENT_SIZE_SMALL', medium: 'ENVIRONMENT_SIZE_MEDIUM', large: 'ENVIRONMENT_SIZE_LARGE' } as const;

const IMAGE_VERSION: TextRule = {
  pattern: /^composer-3-airflow-[23]\.\d+\.\d+-build\.\d+$/,
  must: 'be a build of Composer 3',
  remedy: 'Write it like composer-3-airflow-2.11.1-build.19. Without a build, two environments of the same code differ.',
};
const PACKAGE: TextRule = {
  pattern: /^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$/,
  must: 'have names of PyPI packages in lower case',
  remedy: "Write them like { 'dbt-bigquery': '==1.9.0' }.",
};
const VERSION: TextRule = {
  pattern: /^(\[[a-z0-9_-]+(,[a-z0-9_-]+)*\])?==[A-Za-z0-9]+([.+!_-][A-Za-z0-9]+)*$/,
  must: 'have one version of each package',
  remedy: "Write it like '==1.9.0', or '[extra]==1.9.0'. Another version could break Airflow at the next build.",
};
const RANGE: TextRule = {
  pattern: /^(\d{1,3}\.){3}\d{1,3}\/\d{1,2}$|^[0-9a-f:]*:[0-9a-f:]*\/\d{1,3}$/,
  must: 'be ranges of addresses',
  remedy: 'Write them like 203.0.113.0/24.',
};

/** How many workers run tasks. */
interface Workers {
  readonly min?: number;
  readonly max?: number;
}

interface Raw {
  readonly site: { readonly region: string };
  readonly steps: readonly Step[];
  readonly network: Network;
  readonly schedule?: DagSchedule;
  readonly name?: string;
  readonly maxRetries?: number;
  readonly timeoutSeconds?: number;
  readonly size?: keyof typeof SIZES;
  readonly workers?: Workers;
  readonly imageVersion?: string;
  readonly packages?: Readonly<Record<string, string>>;
  readonly snapshots?: string;
  readonly webServerRanges?: readonly string[];
  readonly historyDays?: number;
  readonly maintenanceHour?: number;
  readonly encryptionKey?: string;
  readonly serviceAccount?: string;
  readonly notify?: readonly string[];
}

/**
 * The settings of an orchestration, checked, with their defaults.
 * @throws SettingError
 */
export function composerSettings(scope: IConstruct, props: Raw) {
  const { site, network, steps, schedule, packages = {}, encryptionKey, serviceAccount, notify = [] } = props;
  const { name = 'jobs', maxRetries = 5, timeoutSeconds = 4 * 3600, size = 'small', workers = {} } = props;
  const { imageVersion = 'composer-3-airflow-2.11.1-build.19', snapshots = '0 1 * * *', webServerRanges = [] } = props;
  const { historyDays = 60, maintenanceHour = 8 } = props;
  requireSteps(scope, steps);
  requireText(scope, { name }, ACCOUNT_NAME);
  requireNetwork(scope, network, site.region);
  if (schedule !== undefined) requireDagSchedule(scope, schedule);
  const busy = 'A service that is busy for longer needs another time.';
  requireNumber(scope, { maxRetries }, { from: 0, to: 10, unit: 'retries', remedy: busy }, 'known');
  const divide = 'Divide a job that takes longer.';
  requireNumber(scope, { timeoutSeconds }, { from: 60, to: 24 * 3600, unit: 'seconds', remedy: divide }, 'known');
  requireOneOf(scope, { size }, Object.keys(SIZES), 'A small environment runs hundreds of jobs a day.');
  const { min, max } = workersOf(scope, workers);
  requireText(scope, { imageVersion }, IMAGE_VERSION);
  requirePackages(scope, packages);
  requireCron(scope, { snapshots });
  requireTexts(scope, { webServerRanges }, RANGE);
  requireNumber(scope, { historyDays }, { from: 30, to: 730, unit: 'days', remedy: 'Composer keeps it for no other time.' });
  const evening = 'The window takes six hours, and ends on the same day.';
  requireNumber(scope, { maintenanceHour }, { from: 0, to: 17, unit: "o'clock", remedy: evening }, 'known');
  if (encryptionKey !== undefined) requireText(scope, { encryptionKey }, KMS_KEY);
  if (serviceAccount !== undefined) requireText(scope, { serviceAccount }, EMAIL);
  requireTexts(scope, { notify }, CHANNELS);
  const ofDag = { name, steps, schedule, maxRetries, timeoutSeconds };
  const ofEnvironment = { network, size, workers: { min, max }, imageVersion, packages, snapshots, webServerRanges, historyDays };
  return { ...ofDag, ...ofEnvironment, maintenanceHour, encryptionKey, serviceAccount, notify };
}

/** Airflow starts the runs of a DAG itself: nothing can refuse them. */
function requireDagSchedule(scope: IConstruct, schedule: DagSchedule) {
  requireRecurrence(scope, schedule);
  const { maxRetries } = schedule as Recurrence;
  if (maxRetries === undefined) return;
  const remedy = 'Airflow starts its DAG itself. Set maxRetries of the orchestration for the starts of jobs.';
  throw new SettingError(scope, 'schedule must have no maxRetries', maxRetries, remedy);
}

function workersOf(scope: IConstruct, workers: Workers) {
  if (typeof workers !== 'object' || workers === null || Array.isArray(workers))
    throw new SettingError(scope, 'workers must be numbers of workers', String(workers), 'Write them like { min: 1, max: 3 }.');
  const { min = 1, max = Math.max(3, min) } = workers;
  const remedy = 'Each worker is billed while it runs.';
  requireNumber(scope, { 'workers.min': min }, { from: 1, to: 100, unit: 'workers', remedy }, 'known');
  requireNumber(scope, { 'workers.max': max }, { from: min, to: 100, unit: 'workers', remedy }, 'known');
  return { min, max };
}

function requirePackages(scope: IConstruct, packages: unknown) {
  if (typeof packages !== 'object' || packages === null || Array.isArray(packages))
    throw new SettingError(scope, 'packages must be versions by name', String(packages), PACKAGE.remedy);
  for (const [name, version] of Object.entries(packages)) {
    requireText(scope, { packages: name }, PACKAGE);
    requireText(scope, { packages: version as string }, VERSION);
  }
}
