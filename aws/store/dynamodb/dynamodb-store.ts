import { Duration, Tokenization } from 'aws-cdk-lib';
import type { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import type { ITable, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { Removal } from '../../../shared/synth/settings';
import { requireAbsent, requireNumber, requireOneOf, requireText, requireTime, SettingError } from '../../../shared/synth/settings';
import { requireStandardQueue } from '../../foundation/dead-letter-queue';
import { allow } from '../../foundation/grants';
import { requireHome, requireKey } from '../../foundation/home';
import { removalPolicyOf } from '../../foundation/removal';
import type { Binding, Workload } from '../../ports/identity';
import type { TableStore } from '../../ports/stores';
import { alarmsOf, BACKUPS, FIELD, indexOf, KEPT, makeTable, UNITS } from './dynamodb-table';
import { TableChanges } from './table-changes';

const HERE = 'Put the platform into a stack of that account and region, or use one of this account and region.';

/** Settings for {@link DynamoDbStore}. Every one has a safe default. */
export interface DynamoDbStoreProps<Kept extends ITable = ITable> {
  /**
   * The field of a row by which rows are looked up, newest first: `subject`, or one that the transform sets. Its value must be a
   * text of 1 to 2048 bytes; rows without the field are stored, and not found by it. It creates the index `by-FIELD`, which
   * doubles the cost of writes and of storage. To change it, remove it, deploy, set the other, deploy: DynamoDB allows one change
   * of an index at a time, and creates the new index from the rows in the table.
   * @default - only the key of the event: `eventKey`, its `source` and `id` with `|` in between
   */
  readonly lookUpBy?: string;
  /**
   * How long a row is kept, counted from when the buffer accepted its event, from an hour on. DynamoDB deletes it within a few
   * days after that, free of charge. A changed retention applies to new rows only.
   * @default - rows are kept forever
   */
  readonly retention?: Duration;
  /**
   * Whether `changes` can be read: each row that is added, changed, removed or expired, with the row before and after. A function
   * reads them free of charge.
   * @default false
   */
  readonly changes?: boolean;
  /**
   * The maximum number of writes of 1 KB a second, from 1 on. It limits the cost. Above it, writes are throttled and retried.
   * @default - no limit but the quota of the account
   */
  readonly maxWriteUnits?: number;
  /**
   * The maximum number of reads of 4 KB a second, from 1 on. It limits the cost. Above it, reads are throttled.
   * @default - no limit but the quota of the account
   */
  readonly maxReadUnits?: number;
  /**
   * How far back the table can be restored to any second, as a new table, from 1 to 35 days.
   * @default 35 days
   */
  readonly backupRetention?: Duration;
  /**
   * The KMS key that encrypts the table and new dead letters of its changes. Writers and readers are granted its use. It can be
   * changed in place.
   * @default - a key of DynamoDB itself, free of charge
   */
  readonly encryptionKey?: IKey;
  /**
   * An existing table of this account and region, with the partition key `eventKey` (string) and the sort key `rowIndex` (number);
   * with `lookUpBy`, it must have the index `by-FIELD` with the sort key `eventTime` (string). Its settings do not change: for
   * `retention`, its time to live must use `expiresAt`. For `changes`, import it with its stream, and for a key of yours with the
   * key: `TableV2.fromTableAttributes`.
   * @default - a new table
   */
  readonly table?: Kept;
  /**
   * An existing standard queue for changes that can never be processed, each with the reason. Only with `changes`.
   * @default - a new queue with a retention of 14 days
   */
  readonly deadLetterQueue?: IQueue;
  /**
   * An existing bucket for batches of changes that Lambda no longer retries. Only with `changes`.
   * @default - a new bucket, with one for its access log
   */
  readonly deadLetterBucket?: IBucket;
  /**
   * What happens to the table, and to the dead letter of its changes, when the stack is deleted. `destroy` also requires the
   * context `destroyData`. A table that exists refuses to be deleted until a deploy with both has ended; also when the first deploy
   * fails: then run `aws dynamodb update-table --no-deletion-protection-enabled`, and delete the stack.
   * @default retain
   */
  readonly removal?: Removal;
}

/**
 * Store stage: a DynamoDB table that scales with its load, for rows that are looked up by a key within milliseconds.
 *
 * Each row has the key of its event, so an event that is sent or delivered twice is stored once: the first row of a key stays. A
 * row is one item: its fields are attributes, beside `eventKey`, `rowIndex`, `eventTime` and `expiresAt`, which the sink sets.
 *
 * Not for SQL, for queries over many rows or for aggregates: use Aurora, or objects in S3 with Athena. Not for rows over 400 KB:
 * they go to the dead letter, so store a large payload in S3.
 *
 * Idle it costs 0.25 USD a gigabyte and month, and 0.20 USD for its backups. A million rows of up to 1 KB cost 0.63 USD to write,
 * twice that with `lookUpBy`, and a million look-ups up to 0.13 USD.
 *
 * A deploy replaces the table by a new, empty one only if the construct gets another scope or id: the old one is retained.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/best-practices.html
 */
export class DynamoDbStore<Kept extends ITable = TableV2> extends Construct implements TableStore {
  /** The new or the given table, for anything this construct does not cover. */
  readonly table: Kept;
  /** The field by which rows are looked up. */
  readonly lookUpBy: string;
  /** Throttled requests, errors of DynamoDB, and dead letters of the changes. They have no action yet. */
  readonly alarms: readonly Alarm[];

  /** The retention in seconds, or 0 to keep rows forever. */
  private readonly retention: string;
  private readonly key?: IKey;
  private readonly stream?: TableChanges;

  constructor(scope: Construct, id: string, props: DynamoDbStoreProps<Kept> = {}) {
    super(scope, id);
    const { lookUpBy, retention, changes = false, maxWriteUnits, maxReadUnits, encryptionKey, deadLetterQueue, deadLetterBucket } = props;
    const backupRetention = props.backupRetention ?? Duration.days(35);
    if (lookUpBy !== undefined) requireText(this, { lookUpBy }, FIELD);
    if (retention !== undefined) requireTime(this, { retention }, KEPT);
    requireOneOf(this, { changes }, [true, false], 'With true, functions can read the changes.');
    if (maxWriteUnits !== undefined) requireNumber(this, { maxWriteUnits }, UNITS);
    if (maxReadUnits !== undefined) requireNumber(this, { maxReadUnits }, UNITS);
    requireTime(this, { backupRetention }, BACKUPS);
    requireKey(this, { encryptionKey });
    requireHome(this, { table: props.table, deadLetterBucket }, HERE);
    requireStandardQueue(this, { deadLetterQueue }, 'Use a standard queue: dead letters have no order.');
    if (props.table) requireAbsent(this, 'table', { maxWriteUnits, maxReadUnits, backupRetention: props.backupRetention, encryptionKey });
    if (!changes && (deadLetterQueue || deadLetterBucket)) {
      const got = deadLetterQueue ? 'deadLetterQueue' : 'deadLetterBucket';
      throw new SettingError(this, 'a dead letter must come with changes', got, 'Set changes to true: without readers, nothing fails.');
    }
    if (changes && props.table && props.table.tableStreamArn === undefined) {
      const remedy = 'Import it with TableV2.fromTableAttributes and its tableStreamArn, whose images must be new and old.';
      throw new SettingError(this, 'table must have a stream for changes', 'a table without one', remedy);
    }
    const removalPolicy = removalPolicyOf(this, props.removal);

    const settings = { lookUpBy, changes, maxWriteUnits, maxReadUnits, backupRetention, encryptionKey, removalPolicy };
    const make = (): ITable => makeTable(this, settings);
    this.table = props.table ?? (make() as Kept);
    this.lookUpBy = lookUpBy ?? 'eventKey';
    this.retention = Tokenization.stringifyNumber(retention?.toSeconds() ?? 0);
    this.key = encryptionKey ?? this.table.encryptionKey;
    const deadLetters = { deadLetterQueue, deadLetterBucket, removalPolicy, encryptionKey };
    if (changes) this.stream = new TableChanges(this, this.table, { ...deadLetters, key: this.key });
    this.alarms = [...alarmsOf(this, this.table), ...(this.stream ? [this.stream.alarm] : [])];
  }

  /**
   * The changes of the table, as a source of records: each is an event of the contract.
   * @throws SettingError without the setting `changes`
   */
  get changes(): TableChanges {
    if (this.stream) return this.stream;
    throw new SettingError(this, 'changes must be true before they are read', 'false', 'Set it on the store.');
  }

  bindWriter(writer: Workload, name: string): Binding {
    const waitFor = allow(writer, this.table.tableArn, ['dynamodb:PutItem'], this.key, 'kms:Decrypt', 'kms:GenerateDataKey');
    return { settings: { ...this.settings(name), [`${name}_RETENTION_SECONDS`]: this.retention }, waitFor };
  }

  /** Allow queries by the field `lookUpBy` only: neither a scan, nor a query by another index. */
  bindReader(reader: Workload, name: string): Binding {
    const { tableArn } = this.table;
    const index = indexOf(this.lookUpBy);
    const queried = index === undefined ? tableArn : `${tableArn}/index/${index}`;
    const settings = index === undefined ? this.settings(name) : { ...this.settings(name), [`${name}_INDEX`]: index };
    return { settings, waitFor: allow(reader, queried, ['dynamodb:Query'], this.key, 'kms:Decrypt') };
  }

  private settings(name: string) {
    return { [`${name}_TABLE`]: this.table.tableName, [`${name}_LOOK_UP_BY`]: this.lookUpBy };
  }
}
