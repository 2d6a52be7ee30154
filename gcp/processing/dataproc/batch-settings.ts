import type { IConstruct } from 'constructs';
import { requireEachOnce } from '../../../shared/synth/handler-needs';
import { requireArguments, requireScript } from '../../../shared/synth/job-script';
import {
  CHANNELS,
  KMS_KEY,
  requireNumber,
  requireResource,
  requireText,
  requireTexts,
  SettingError,
  STORE_NAME,
  type TextRule,
} from '../../../shared/synth/settings';
import { requireSubnetwork } from '../../foundation/network';
import { type Recurrence, requireRecurrence } from '../../foundation/schedule/schedule';
import { ACCOUNT_NAME, EMAIL } from '../../foundation/service-account';
import type { Subnetwork } from '../../ports/network';
import type { Site } from '../../ports/site';
import type { FileStore } from '../../ports/stores';

const RUNTIME: TextRule = {
  pattern: /^[3-9]\.\d{1,2}$/,
  must: 'be a runtime from 3.0 on',
  remedy: 'Earlier runtimes need the role Dataproc Worker on the project, which may delete the objects of every bucket.',
};
const SPARK: TextRule = {
  pattern: /^spark\.[\w.-]+$/,
  must: 'be named like settings of Spark',
  remedy: 'Write them like { "spark.executor.memory": "8g" }.',
};
const VALUE: TextRule = { pattern: /^[^\0\r\n]+$/, must: 'be a text of one line', remedy: 'Write numbers in quotes.' };
/** The settings of Spark that the batch sets itself, with its own setting. */
const OWN: Readonly<Record<string, string>> = { 'spark.dynamicAllocation.maxExecutors': 'maxExecutors' };

type Stores = Readonly<Record<string, FileStore>>;

interface Raw {
  readonly site: Site;
  readonly script: string;
  readonly network: Subnetwork;
  readonly inputs?: Stores;
  readonly outputs?: Stores;
  readonly arguments?: Readonly<Record<string, string>>;
  readonly schedule?: Recurrence;
  readonly name?: string;
  readonly maxExecutors?: number;
  readonly ttlHours?: number;
  readonly spark?: Readonly<Record<string, string>>;
  readonly runtimeVersion?: string;
  readonly serviceAccount?: string;
  readonly encryptionKey?: string;
  readonly notify?: readonly string[];
}

/**
 * The settings of a batch, checked, with their defaults.
 * @throws SettingError
 */
export function batchSettings(scope: IConstruct, props: Raw) {
  const {
    site,
    script,
    network,
    schedule,
    serviceAccount,
    encryptionKey,
    inputs = {},
    outputs = {},
    arguments: given = {},
    spark = {},
  } = props;
  const { name = 'batch', maxExecutors = 10, ttlHours = 4, runtimeVersion = '3.0', notify = [] } = props;
  requireText(scope, { name }, ACCOUNT_NAME);
  requireScript(scope, script);
  requireSubnetwork(scope, network, site.region);
  requireFiles(scope, { inputs, outputs });
  requireArguments(scope, given, Object.keys({ ...inputs, ...outputs }));
  requireSpark(scope, spark);
  const most = 'Dataproc needs 2 and allows no more than 2000.';
  requireNumber(scope, { maxExecutors }, { from: 2, to: 2000, unit: 'executors', remedy: most }, 'known');
  const longest = 'Dataproc stops a run after 14 days.';
  requireNumber(scope, { ttlHours }, { from: 1, to: 336, unit: 'hours', remedy: longest }, 'known');
  requireText(scope, { runtimeVersion }, RUNTIME);
  if (schedule !== undefined) requireRecurrence(scope, schedule);
  if (serviceAccount !== undefined) requireText(scope, { serviceAccount }, EMAIL);
  if (encryptionKey !== undefined) requireText(scope, { encryptionKey }, KMS_KEY);
  requireTexts(scope, { notify }, CHANNELS);
  return { name, inputs, outputs, arguments: given, spark, maxExecutors, ttlHours, runtimeVersion, encryptionKey, notify };
}

/** Refuse names that cannot start an argument, one name for two stores, and stores of rows. */
function requireFiles(scope: IConstruct, sides: Readonly<Record<'inputs' | 'outputs', Stores>>) {
  for (const [side, stores] of Object.entries(sides)) {
    if (typeof stores !== 'object' || stores === null || Array.isArray(stores)) {
      throw new SettingError(scope, `${side} must be stores by their names`, typeof stores, STORE_NAME.remedy);
    }
    for (const [name, store] of Object.entries(stores)) {
      requireText(scope, { [side]: name }, STORE_NAME);
      requireResource(scope, { [`${side}.${name}`]: store });
      if (['bindFileReader', 'bindFileWriter'].every((bind) => typeof store?.[bind as keyof FileStore] === 'function')) continue;
      const remedy = 'Spark reads and writes files. For rows in BigQuery, use ScheduledQuery or QueryJob.';
      throw new SettingError(scope, `${side} must be a CloudStorageStore each`, name, remedy);
    }
    requireEachOnce(scope, side, stores);
  }
  const both = Object.keys(sides.inputs).find((name) => name in sides.outputs);
  if (both === undefined) return;
  const remedy = 'For a store that is read and written, an output is enough.';
  throw new SettingError(scope, 'inputs and outputs must have different names', JSON.stringify(both), remedy);
}

function requireSpark(scope: IConstruct, spark: Readonly<Record<string, string>>) {
  if (typeof spark !== 'object' || spark === null || Array.isArray(spark)) {
    throw new SettingError(scope, 'spark must be settings by their names', Array.isArray(spark) ? 'a list' : typeof spark, SPARK.remedy);
  }
  for (const [name, value] of Object.entries(spark)) {
    requireText(scope, { spark: name }, SPARK);
    requireText(scope, { [`spark["${name}"]`]: value }, VALUE);
    const own = OWN[name];
    if (own !== undefined) throw new SettingError(scope, 'spark must not set what the batch sets itself', name, `Set ${own} instead.`);
  }
}
