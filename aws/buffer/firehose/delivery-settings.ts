import { Duration } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import {
  type NumberRule,
  requireNumber,
  requireResource,
  requireText,
  requireTime,
  SettingError,
  type TextRule,
  type TimeRule,
} from '../../../shared/synth/settings';
import { requireKey } from '../../foundation/home';
import type { DirectSource, DirectStore } from '../../ports/delivery';
import type { RecordSource } from '../../ports/records';

/** The shortest buffer of a delivery that converts or partitions its records. */
const LARGE_MIB = 64;

const INTERVAL: TimeRule = { from: 0, to: 900, unit: 'seconds', remedy: 'Firehose buffers records for at most 15 minutes.' };
const PARTITIONED: TimeRule = { ...INTERVAL, from: 60, remedy: 'With partitionBy, Firehose buffers records for 1 to 15 minutes.' };
const SIZE: NumberRule = { from: 1, to: 128, unit: 'MiB', remedy: 'Firehose has no other sizes.' };
const LARGE: NumberRule = {
  ...SIZE,
  from: LARGE_MIB,
  remedy: 'Firehose needs a large buffer to write Parquet, and for partitionBy.',
};
const PARTITION: TextRule = {
  pattern: /^[a-z][a-z0-9_]{0,127}$/,
  must: 'be named in lower-case letters, digits and underscores, a letter first',
  remedy: 'The name is a column of the table and a part of the key: { tenant: .data.tenant }.',
};
const QUERY: TextRule = {
  pattern: /^\.[^\n\r]{1,500}$/,
  must: 'have jq expressions that start with a dot',
  remedy: 'Write it like { tenant: .data.tenant }.',
};
/** The partitions by time, which every delivery has. */
const OF_TIME = ['year', 'month', 'day', 'hour'];
/** How many dynamic partitions a delivery stream can have in its prefix. */
const MOST_PARTITIONS = 50;

/** The settings that decide when and where an object is written. */
export interface Buffering {
  readonly bufferInterval: Duration;
  readonly bufferMiB: number;
  /** jq expressions by the name of the partition. */
  readonly partitionBy: Readonly<Record<string, string>>;
}

/** What is checked. */
interface Given extends Partial<Buffering> {
  readonly store: DirectStore;
  readonly source?: DirectSource;
  readonly encryptionKey?: IKey;
}

/**
 * The buffering of a delivery, with its defaults.
 * @throws SettingError on what Firehose refuses during a deploy: CloudFormation and the scanners do not check it
 */
export function requireBuffering(scope: Construct, { store, source, encryptionKey, ...given }: Given): Buffering {
  requireBinding(scope, { store });
  if (source !== undefined) requireBinding(scope, { source });
  const { bufferInterval = Duration.minutes(5), bufferMiB = LARGE_MIB, partitionBy = {} } = given;
  requirePartitions(scope, partitionBy, store.table?.partitions);
  const isPartitioned = Object.keys(partitionBy).length > 0;
  requireTime(scope, { bufferInterval }, isPartitioned ? PARTITIONED : INTERVAL);
  requireNumber(scope, { bufferMiB }, isPartitioned || store.table ? LARGE : SIZE);
  requireKey(scope, { encryptionKey });
  if (source && encryptionKey) {
    const remedy = 'Firehose does not encrypt what it reads from a stream: set encryptionKey of the stream.';
    throw new SettingError(scope, 'encryptionKey must be left out with a source', 'both', remedy);
  }
  return { bufferInterval, bufferMiB, partitionBy };
}

function requireBinding(scope: Construct, settings: Readonly<Record<string, DirectSource | DirectStore>>) {
  requireResource(scope, settings);
  for (const [setting, value] of Object.entries(settings)) {
    // A stream and a store both have `bindDelivery`: only a stream hands out records.
    const isSource = typeof (value as Partial<RecordSource> | undefined)?.deliverTo === 'function';
    if (typeof value?.bindDelivery === 'function' && isSource === (setting === 'source')) continue;
    const works = setting === 'store' ? 'S3Store, or the Parquet table of GlueCatalog' : 'KinesisBuffer';
    const remedy = `Use ${works}, or a LambdaProcessor between buffer and store.`;
    throw new SettingError(scope, `${setting} must be one that Firehose can use without code`, value?.constructor.name, remedy);
  }
}

function requirePartitions(scope: Construct, partitionBy: Buffering['partitionBy'], ofTable?: readonly string[]) {
  if (typeof partitionBy !== 'object' || partitionBy === null || Array.isArray(partitionBy)) {
    throw new SettingError(scope, 'partitionBy must be an object', String(partitionBy), QUERY.remedy);
  }
  const names = Object.keys(partitionBy);
  for (const name of names) {
    requireText(scope, { partitionBy: name }, PARTITION);
    requireText(scope, { partitionBy: partitionBy[name]! }, QUERY);
    if (OF_TIME.includes(name)) {
      throw new SettingError(
        scope,
        'partitionBy must leave the partitions by time out',
        name,
        'Every delivery has year, month, day and hour.',
      );
    }
  }
  if (names.length > MOST_PARTITIONS) {
    throw new SettingError(scope, `partitionBy must have at most ${MOST_PARTITIONS} names`, names.length, 'Firehose allows no more.');
  }
  if (ofTable === undefined || String(ofTable) === String(names)) return;
  const rule = `partitionBy must have the partitions of the table, which are ${ofTable.join(' and ') || 'none beside the time'}`;
  throw new SettingError(scope, rule, names.join(' and ') || 'none', 'Otherwise queries do not find the objects.');
}
