import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import {
  type NumberRule,
  requireNumber,
  requireOneOf,
  requireResource,
  requireText,
  SettingError,
  type TextRule,
} from '../../../shared/synth/settings';
import { requireInstances } from './instances';

/** An endpoint without instances. */
export interface ServerlessCapacity {
  /**
   * The memory of a container in MiB: 1024, 2048, 3072, 4096, 5120 or 6144. Its share of CPU grows with it. There is no GPU.
   * @default 2048
   */
  readonly memoryMiB?: number;
  /**
   * The maximum number of requests at the same time, from 1 to 200. More are refused, and are retried by the processor. Each
   * process of a processor asks about 5 rows at a time.
   * @default 20
   */
  readonly maxConcurrency?: number;
}

/** An endpoint with instances, which cost by the hour. */
export interface InstanceCapacity {
  /**
   * The type of the instances. The image must be for its processor: `c7g` is arm64.
   * @default ml.c7g.large
   */
  readonly type?: string;
  /**
   * The minimum number of instances, from 1 on. Two are in two zones.
   * @default 2
   */
  readonly min?: number;
  /**
   * The maximum number of instances. With more than `min`, instances are added and removed by the number of requests.
   * @default 4
   */
  readonly max?: number;
  /**
   * The number of requests a minute for one instance, from 1 on. Above it, instances are added.
   * @default 1000
   */
  readonly requestsPerMinute?: number;
}

/** An archive with the files of a model, which SageMaker unpacks into the container. */
export interface ModelData {
  readonly bucket: IBucket;
  /** The key of a `.tar.gz` file. Only another key is deployed: give each version its own. */
  readonly key: string;
}

/** The capacity of an endpoint, with its defaults. */
export type Capacity =
  | { readonly kind: 'serverless'; readonly memoryMiB: number; readonly maxConcurrency: number }
  | { readonly kind: 'instances'; readonly type: string; readonly min: number; readonly max: number; readonly requestsPerMinute: number };

const MEMORY = [1024, 2048, 3072, 4096, 5120, 6144];
const CONCURRENCY: NumberRule = { from: 1, to: 200, unit: 'requests', remedy: 'For more, use instances.' };
const count = (from: number): NumberRule => ({ from, to: 1000, unit: 'instances', remedy: 'The quota of the account can be lower.' });
const REQUESTS: NumberRule = { from: 1, to: 1_000_000, unit: 'requests', remedy: 'Measure what one instance can do.' };
const KEY: TextRule = {
  pattern: /^[A-Za-z0-9!_.'()/-]{1,1000}\.tar\.gz$/,
  must: 'be the key of a .tar.gz file',
  remedy: 'SageMaker unpacks no other archives.',
};
const VARIABLE: TextRule = {
  pattern: /^[A-Za-z_][A-Za-z0-9_]{0,1023}$/,
  must: 'be named in letters, digits and underscores',
  remedy: 'SageMaker allows no other names.',
};
const VALUE: TextRule = {
  pattern: /^[\s\S]{0,1024}$/,
  must: 'have values of up to 1024 characters',
  remedy: 'Put longer ones into the archive.',
};

/** What an endpoint runs on. */
export interface CapacitySettings {
  readonly serverless?: ServerlessCapacity;
  readonly instances?: InstanceCapacity;
  readonly encryptionKey?: IKey;
  readonly networkIsolation?: boolean;
}

/**
 * The capacity of an endpoint. Without settings it is serverless.
 * @throws SettingError
 */
export function requireCapacity(scope: Construct, settings: CapacitySettings): Capacity {
  const { serverless, instances, encryptionKey, networkIsolation } = settings;
  requireParts(scope, 'serverless', serverless, ['memoryMiB', 'maxConcurrency']);
  requireParts(scope, 'instances', instances, ['type', 'min', 'max', 'requestsPerMinute']);
  if (serverless && instances) {
    const remedy = 'An endpoint has one kind of capacity: leave one of them out.';
    throw new SettingError(scope, 'serverless and instances must not stand together', 'both', remedy);
  }
  if (networkIsolation !== undefined) {
    requireOneOf(scope, { networkIsolation }, [true, false], 'With true, the container has no network.');
  }
  if (instances) {
    const { type = 'ml.c7g.large', min = 2, requestsPerMinute = 1000 } = instances;
    requireInstances(scope, 'instances.type', type, encryptionKey);
    requireNumber(scope, { 'instances.min': min }, count(1), 'known');
    const { max = Math.max(4, min) } = instances;
    requireNumber(scope, { 'instances.max': max }, count(min), 'known');
    requireNumber(scope, { 'instances.requestsPerMinute': requestsPerMinute }, REQUESTS);
    return { kind: 'instances', type, min, max, requestsPerMinute };
  }
  const { memoryMiB = 2048, maxConcurrency = 20 } = serverless ?? {};
  requireOneOf(scope, { 'serverless.memoryMiB': memoryMiB }, MEMORY, 'SageMaker has no other sizes.');
  requireNumber(scope, { 'serverless.maxConcurrency': maxConcurrency }, CONCURRENCY);
  requireResource(scope, { encryptionKey });
  const taken = encryptionKey ? 'encryptionKey' : networkIsolation ? 'networkIsolation' : undefined;
  if (taken) throw new SettingError(scope, `${taken} must come with instances`, 'a serverless endpoint', 'A serverless endpoint has none.');
  return { kind: 'serverless', memoryMiB, maxConcurrency };
}

/** @throws SettingError on what is no object, and on settings that it does not have */
function requireParts(scope: Construct, setting: string, value: object | undefined, known: readonly string[]) {
  if (value === undefined) return;
  const form = `Write it like { ${known[0]}: ... }.`;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new SettingError(scope, `${setting} must be an object`, Array.isArray(value) ? 'a list' : typeof value, form);
  }
  const other = Object.keys(value).find((name) => !known.includes(name));
  if (other === undefined) return;
  const remedy = setting === 'serverless' ? 'For a type of instances, or a GPU, use instances.' : form;
  throw new SettingError(scope, `${setting} must have no settings but ${known.join(', ')}`, JSON.stringify(other.slice(0, 100)), remedy);
}

/**
 * Refuse an archive that SageMaker cannot unpack, and variables that it does not set.
 * @throws SettingError
 */
export function requireModel(scope: Construct, modelData: ModelData | undefined, environment: Readonly<Record<string, string>>) {
  if (modelData !== undefined) {
    requireResource(scope, { 'modelData.bucket': modelData?.bucket ?? null });
    requireText(scope, { 'modelData.key': modelData.key }, KEY);
  }
  if (typeof environment !== 'object' || environment === null || Array.isArray(environment)) {
    throw new SettingError(scope, 'environment must be texts by their names', typeof environment, VARIABLE.remedy);
  }
  for (const [name, value] of Object.entries(environment)) {
    requireText(scope, { environment: name }, VARIABLE);
    requireText(scope, { [`environment.${name}`]: value }, VALUE);
  }
}
