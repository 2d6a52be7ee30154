import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { type Alarm, MathExpression } from 'aws-cdk-lib/aws-cloudwatch';
import {
  AttributeType,
  Billing,
  type CfnGlobalTable,
  type ITable,
  Operation,
  ProjectionType,
  StreamViewType,
  TableEncryptionV2,
  TableV2,
} from 'aws-cdk-lib/aws-dynamodb';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import type { NumberRule, TextRule, TimeRule } from '../../../shared/synth/settings';
import { alarm, LASTING } from '../../foundation/alarms';

/** The attributes that the sink sets. */
const [KEY, INDEX, TIME, EXPIRY] = ['eventKey', 'rowIndex', 'eventTime', 'expiresAt'];

/** With `by-` before it, it is the name of an index. */
export const FIELD: TextRule = {
  pattern: /^(?!(?:eventKey|rowIndex|eventTime|expiresAt)$)[A-Za-z][A-Za-z0-9_.-]{0,99}$/,
  must: 'be the name of a field of a row, and none that the store sets',
  remedy: 'Write it like subject: 1 to 100 letters, digits, hyphens, dots and underscores, a letter first.',
};
export const KEPT: TimeRule = {
  from: 3600,
  to: 36_500 * 86_400,
  unit: 'seconds',
  remedy: 'Leave it out to keep rows forever. DynamoDB deletes expired rows within days, not at once.',
};
export const BACKUPS: TimeRule = { from: 1, to: 35, unit: 'days', remedy: 'For a longer time, use AWS Backup.' };
export const UNITS: NumberRule = {
  from: 1,
  to: 40_000,
  unit: 'units a second',
  remedy: 'Leave it out for no limit. 40000 is the default quota of a table.',
};

/** The settings of a new table. */
export interface TableSettings {
  readonly lookUpBy?: string;
  readonly changes: boolean;
  readonly maxWriteUnits?: number;
  readonly maxReadUnits?: number;
  readonly backupRetention: Duration;
  readonly encryptionKey?: IKey;
  readonly removalPolicy: RemovalPolicy;
}

/** The index by which rows are looked up. The key of an event needs none. */
export function indexOf(field: string): string | undefined {
  return field === KEY ? undefined : `by-${field}`;
}

/** Create a table that is billed by request, encrypted, backed up continuously, and protected against deletion. */
export function makeTable(scope: Construct, settings: TableSettings): TableV2 {
  const { lookUpBy, changes, maxWriteUnits, maxReadUnits, backupRetention, encryptionKey, removalPolicy } = settings;
  const limits = { maxWriteRequestUnits: maxWriteUnits, maxReadRequestUnits: maxReadUnits };
  const text = (name: string) => ({ name, type: AttributeType.STRING });
  const table = new TableV2(scope, 'Table', {
    partitionKey: text(KEY!),
    sortKey: { name: INDEX!, type: AttributeType.NUMBER },
    globalSecondaryIndexes:
      lookUpBy === undefined
        ? undefined
        : [
            {
              indexName: indexOf(lookUpBy)!,
              partitionKey: text(lookUpBy),
              sortKey: text(TIME!),
              projectionType: ProjectionType.ALL,
              ...limits,
            },
          ],
    billing: Billing.onDemand(limits),
    encryption: TableEncryptionV2.dynamoOwnedKey(),
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true, recoveryPeriodInDays: backupRetention.toDays() },
    // It is always set, so that a retention can be added or left out later: without `expiresAt`, a row is kept.
    timeToLiveAttribute: EXPIRY!,
    dynamoStream: changes ? StreamViewType.NEW_AND_OLD_IMAGES : undefined,
    deletionProtection: removalPolicy !== RemovalPolicy.DESTROY,
    removalPolicy,
  });
  if (!encryptionKey) return table;
  // The L2 refuses a key in a stack whose region is not known.
  const resource = table.node.defaultChild as CfnGlobalTable;
  resource.sseSpecification = { sseEnabled: true, sseType: 'KMS' };
  resource.addPropertyOverride('Replicas.0.SSESpecification.KMSMasterKeyId', encryptionKey.keyArn);
  return table;
}

/** Alarms on throttled writes and reads of the table and its index, and on errors of DynamoDB. */
export function alarmsOf(scope: Construct, table: ITable): readonly Alarm[] {
  const period = Duration.minutes(5);
  const count = (metric: string, operation: Operation) =>
    table.metric(metric, { statistic: 'Sum', period, dimensionsMap: { TableName: table.tableName, Operation: operation } });
  const failing = new MathExpression({
    expression: 'FILL(puts, 0) + FILL(queries, 0)',
    usingMetrics: { puts: count('SystemErrors', Operation.PUT_ITEM), queries: count('SystemErrors', Operation.QUERY) },
    period,
  });
  const writes = 'For 15 minutes DynamoDB has throttled writes: above maxWriteUnits, or too many for one key. They are retried.';
  const reads = 'For 15 minutes DynamoDB has throttled look-ups: above maxReadUnits, or too many for one key.';
  return [
    alarm(scope, 'WritesThrottled', count('ThrottledRequests', Operation.PUT_ITEM), writes, LASTING),
    alarm(scope, 'ReadsThrottled', count('ThrottledRequests', Operation.QUERY), reads, LASTING),
    alarm(scope, 'Failing', failing, 'For 15 minutes DynamoDB has answered with errors of its own. Writes are retried.', LASTING),
  ];
}
