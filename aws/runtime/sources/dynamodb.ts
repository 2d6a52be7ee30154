import type { DynamoDBRecord } from 'aws-lambda';
import { jsonOfAttributes } from '../dynamodb-json';
import { type StreamRecord, type StreamSourceProps, streamSource } from '../stream-source';

/**
 * A handler for batches of the changes of a DynamoDB table. The transform gets each change as an event of the contract:
 *
 * | Attribute | Content |
 * |---|---|
 * | `id` | The id of the change, the same at each retry |
 * | `source` | The ARN of the table |
 * | `type` | `row.added`, `row.changed`, `row.removed`, or `row.expired` if DynamoDB deleted it at the end of its time to live |
 * | `time` | When the row was changed, to the second |
 * | `data` | `keys`, and the whole row `before` and `after` the change, as far as the stream has them |
 *
 * Numbers keep all their digits. Sets become lists, and bytes are in base64.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
 */
export function dynamodbSource<Stored>(props: StreamSourceProps<Stored>) {
  return streamSource(props, (record: DynamoDBRecord) => new Change(record));
}

const TYPES = { INSERT: 'row.added', MODIFY: 'row.changed', REMOVE: 'row.removed' } as const;
/** Who removes rows at the end of their time to live. */
const EXPIRY = 'dynamodb.amazonaws.com';

/** A change of a row. Its properties are computed when they are read. */
class Change implements StreamRecord {
  constructor(private readonly record: DynamoDBRecord) {}

  /** The event, as JSON: DynamoDB writes numbers as texts, and these are copied digit by digit. */
  get bytes(): Buffer {
    const { eventID, eventName, eventSourceARN = '', dynamodb = {}, userIdentity } = this.record;
    const isExpired = eventName === 'REMOVE' && userIdentity?.principalId === EXPIRY;
    const images = { keys: dynamodb.Keys, before: dynamodb.OldImage, after: dynamodb.NewImage };
    const data = Object.entries(images).flatMap(([name, image]) => (image ? [`"${name}":${jsonOfAttributes(image)}`] : []));
    const event = {
      specversion: '1.0',
      id: eventID,
      source: eventSourceARN.replace(/\/stream\/.*$/, ''),
      type: isExpired ? 'row.expired' : TYPES[eventName ?? 'MODIFY'],
      time: this.arrived.toISOString(),
    };
    return Buffer.from(`${JSON.stringify(event).slice(0, -1)},"data":{${data.join(',')}}}`);
  }

  get arrived(): Date {
    return new Date((this.record.dynamodb?.ApproximateCreationDateTime ?? 0) * 1000);
  }

  get position() {
    return { stream: this.record.eventSourceARN ?? '', sequenceNumber: this.record.dynamodb?.SequenceNumber ?? '' };
  }
}
