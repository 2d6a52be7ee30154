import type { CreateTableCommandInput } from '@aws-sdk/client-dynamodb';
import type { Opened, Part } from '../../parts';
import type { StoredRow } from '../../platform';
import { ACCOUNT, REGION } from '../../template/cloudformation';
import type { Resource, Stack } from '../../template/stack';
import { EventSourceMapping } from '../kinesis/event-source-mapping';
import { readMapping } from '../kinesis/mapping-settings';
import { Unsettled } from '../kinesis/unsettled';
import { nameOf, type Site } from '../site';
import { ChangeLog } from './change-log';
import { DynamoDb, type Item } from './dynamodb';
import { rowOf } from './item-row';

const LONGEST_NAME = 255;
/** When the stream was created. AWS sets it. */
const LABEL = '2026-01-01T00:00:00.000';

/** A table in dynalite. Its changes are a stream that Lambda polls. */
export const PART: Part<Site> = {
  overrides: () => ['AWS_ENDPOINT_URL_DYNAMODB = the stand-in'],

  async open({ stack, clients, writers, sources, destinations, derived }, { chaos, witness, keep }): Promise<Opened> {
    const resource = stack.one('AWS::DynamoDB::GlobalTable');
    const name = nameOf(stack, resource, 'TableName', LONGEST_NAME);
    const arn = `arn:aws:dynamodb:${REGION}:${ACCOUNT}:table/${name}`;
    const streamArn = `${arn}/stream/${LABEL}`;
    stack.created(resource.id, { ref: name, attributes: { Arn: arn, StreamArn: streamArn } });
    const settings = readTable(stack, resource, name);
    const log = new ChangeLog(
      streamArn,
      settings.KeySchema!.map(({ AttributeName }) => AttributeName!),
    );
    const unsettled = new Unsettled();
    let isRead = false;
    const rowIn = (item: Item): StoredRow => rowOf(item, name);

    const table = await DynamoDb.start(settings, {
      fate: (item) => chaos.write([rowIn(item).text]),
      added: (item) => {
        witness.stored([rowIn(item)]);
        const position = log.add(item);
        if (isRead) unsettled.add(position);
      },
      strike: (fate, accessKeyId) => {
        for (const writer of writers) {
          if (fate === 'stall') writer.stall(accessKeyId);
          else void writer.kill(accessKeyId);
        }
      },
    });
    keep(() => table.stop());
    clients.AWS_ENDPOINT_URL_DYNAMODB = table.endpoint;
    derived.add(arn);
    sources.set(streamArn, (mapping, target, context) => {
      isRead = true;
      const { onFailure, ...read } = readMapping(stack, mapping, destinations);
      return new EventSourceMapping(read, {
        ...context,
        source: log,
        functionArn: target.arn,
        invoke: (payload) => target.invoke(payload),
        onFailure,
        settled: (positions) => unsettled.remove(positions),
      });
    });
    const rows = async function* () {
      for await (const item of table.items()) yield rowIn(item);
    };
    const place = `aws dynamodb scan --table-name ${name} --endpoint-url ${table.endpoint}`;
    return { brought: { store: { place, rows, uniqueRows: rows }, unsettled: () => unsettled.count } };
  },
};

/** Read the table of a stack. */
function readTable(stack: Stack, resource: Resource, name: string) {
  const indexes = stack.records(resource, 'GlobalSecondaryIndexes').map(({ IndexName, KeySchema, Projection }) => ({
    IndexName,
    KeySchema,
    Projection,
  }));
  return {
    TableName: name,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: stack.records(resource, 'AttributeDefinitions'),
    KeySchema: stack.records(resource, 'KeySchema'),
    ...(indexes.length > 0 && { GlobalSecondaryIndexes: indexes }),
  } as unknown as CreateTableCommandInput & { readonly TableName: string };
}
