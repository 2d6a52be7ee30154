import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { each } from '../../../shared/runtime/objects';
import { setting } from '../../../shared/runtime/setting';
import type { Made, Refusal, Sink, SourceRecord } from '../../../shared/runtime/sink';
import { inOneLine } from '../../../shared/runtime/verdict';
import { CLIENT } from '../requests';
import { dynamodbItem, type Item } from './dynamodb-item';

/** Settings for {@link dynamodbSink}. */
export interface DynamodbSinkProps {
  /** The name of the store: `STORE` reads `STORE_TABLE`, `STORE_LOOK_UP_BY` and `STORE_RETENTION_SECONDS`. */
  readonly name: string;
}

/** The table has other keys than the store writes. This is not the fault of an event. */
const OTHER_TABLE = /Missing the key|Type mismatch for key/;

/**
 * Adds rows to a DynamoDB table, each as one item.
 *
 * An item is added only if its key does not exist, so a retry of a lot changes nothing, also if the response to the first write
 * was lost. This requires no permission to read. A row is checked against the limits of DynamoDB before the first row of its
 * event is written. Rows of one event are written separately: while they are retried, a reader may get some of them.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PutItem.html
 */
export function dynamodbSink({ name }: DynamodbSinkProps): Sink<Item> {
  const client = new DynamoDBClient({ ...CLIENT, maxAttempts: 3 });
  const table = setting(`${name}_TABLE`);
  const lookUpBy = setting(`${name}_LOOK_UP_BY`);
  const retention = Number(setting(`${name}_RETENTION_SECONDS`));

  async function put({ stored, record }: Made<Item>, abortSignal?: AbortSignal): Promise<void> {
    // From the time of arrival, which is the same at every retry.
    const expiresAt = retention > 0 && { expiresAt: { N: `${Math.floor(record.arrived.getTime() / 1000) + retention}` } };
    const input = { TableName: table, Item: { ...stored, ...expiresAt }, ConditionExpression: 'attribute_not_exists(eventKey)' };
    try {
      await client.send(new PutItemCommand(input), { abortSignal });
    } catch (error) {
      if ((error as Error).name !== 'ConditionalCheckFailedException') throw error;
    }
  }

  return {
    encode: (row, event, index) => dynamodbItem(row, event, index, lookUpBy),
    async write({ made }, abortSignal) {
      const refused = new Map<SourceRecord, Refusal>();
      const faults: unknown[] = [];
      // No request is left running when this function throws.
      await each(made, async (one) => {
        if (faults.length > 0) return;
        try {
          await put(one, abortSignal);
        } catch (error) {
          if (isPermanent(error)) refused.set(one.record, { record: one.record, reason: inOneLine(error) });
          else faults.push(error);
        }
      });
      if (faults.length > 0) throw faults[0];
      return [...refused.values()];
    },
  };
}

function isPermanent(error: unknown): boolean {
  const { name, message } = error as Error;
  return name === 'ValidationException' && !OTHER_TABLE.test(message);
}
