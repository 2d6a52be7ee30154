import { createHash } from 'node:crypto';
import { type GenericFunctionOptions, type InvocationContext, trigger } from '@azure/functions';
import type { Transform } from '../../../shared/runtime/event';
import { setting } from '../../../shared/runtime/setting';
import type { SourceRecord } from '../../../shared/runtime/sink';
import { judge } from '../../../shared/runtime/verdict';
import { nameOf } from './event-hubs/batch';
import { type Progress, settle, type Targets } from './event-hubs/settle';

/** What the source calls. Each call can be repeated. */
export interface CosmosSourceProps<Stored> extends Targets<Stored> {
  readonly transform: Transform;
}

/** Which container is read, and how often a batch is retried. */
export interface ReadingChanges {
  /** The address of the account, such as `https://acme.documents.azure.com:443/`. */
  readonly endpoint: string;
  readonly database: string;
  readonly container: string;
  readonly maxRetries: number;
}

/** A row as the change feed has it: its fields, and those that Cosmos DB adds. */
interface Changed {
  readonly _rid?: string;
  readonly _etag?: string;
  /** When it was changed, in seconds. */
  readonly _ts?: number;
  /** The number of the change in its partition. Changes of one transaction have the same. */
  readonly _lsn?: number;
  readonly [field: string]: unknown;
}

/**
 * The changes of a Cosmos DB container: the trigger, with the app settings of its binding, and the handler of its batches. The
 * transform gets each row that was added or changed as an event of the contract:
 *
 * | Attribute | Content |
 * |---|---|
 * | `id` | The id of this version of the row, the same at each retry |
 * | `source` | The address of the container |
 * | `type` | `row.written`: Cosmos DB does not tell whether it is new |
 * | `time` | When the row was written, to the second |
 * | `data` | `after`: the row. It has no row before the change |
 *
 * Numbers are doubles, as Cosmos DB stores them.
 */
export function cosmosSource<Stored>(props: CosmosSourceProps<Stored>): GenericFunctionOptions {
  return {
    trigger: trigger.cosmosDB({
      connection: 'EVENTS',
      databaseName: '%EVENTS_DATABASE%',
      containerName: '%EVENTS_CONTAINER%',
      leaseContainerName: '%EVENTS_LEASES%',
      maxItemsPerInvocation: Number(setting('EVENTS_BATCH_SIZE')),
      feedPollDelay: Number(setting('EVENTS_BATCH_WINDOW_SECONDS')) * 1000,
      startFromBeginning: true,
    }),
    // No limit, because after its last retry the host continues with the next batch even if this one failed. The handler counts
    // retries itself. Five retries take about ten minutes.
    retry: { strategy: 'exponentialBackoff', maxRetryCount: -1, minimumInterval: { seconds: 30 }, maximumInterval: { minutes: 15 } },
    handler: changesHandler(props, {
      endpoint: setting('EVENTS__accountEndpoint'),
      database: setting('EVENTS_DATABASE'),
      container: setting('EVENTS_CONTAINER'),
      maxRetries: Number(setting('EVENTS_MAX_RETRIES')),
    }),
  };
}

/**
 * A batch of changes becomes one lot for each hour in which its rows were written, and one blob of dead letters if there are any. All
 * names come from a hash of the versions of its rows, so a retry replaces objects and creates no duplicates.
 *
 * A batch is retried without limit until each of its rows is in the store or in the dead letter. Later changes wait: they stay in
 * the container. After `maxRetries`, rows that cannot be stored go to the dead letter.
 *
 * The host does not say which partition a batch is from, so nothing counts how often a batch ended the process: a transform that
 * never returns stops the changes of its partition until another version of the code is published.
 */
export function changesHandler<Stored>(props: CosmosSourceProps<Stored>, { endpoint, database, container, maxRetries }: ReadingChanges) {
  const host = endpoint.replace(/^https:\/\/|(:443)?\/$/g, '');
  const position = { account: host.split('.')[0]!, database, container };
  const source = `https://${host}/dbs/${database}/colls/${container}`;
  /** The batches that are not settled. */
  const open = new Map<string, Progress>();
  const encode: Targets<Stored>['sink']['encode'] = (row, event, index) => props.sink.encode(row, event, index);

  return async (documents: unknown, context: InvocationContext): Promise<void> => {
    const changes = (Array.isArray(documents) ? documents : [documents]) as Changed[];
    if (changes.length === 0) return;
    const records = changes.map((change, entry) => recordOf(change, source, { ...position, sequenceNumber: change._lsn ?? 0, entry }));
    const versions = createHash('sha256').update(JSON.stringify(changes.map(versionOf)));
    const place = [position.account, database, container, versions.digest('hex').slice(0, 32)].join('~');
    const name = nameOf(place, records);
    const progress = open.get(name) ?? { settled: new Set(), written: new Map(), withLetters: new Set() };
    open.set(name, progress);
    const isLast = (context.retryContext?.retryCount ?? 0) >= maxRetries;
    const judged = async () => records.map(({ bytes }) => judge(bytes, props.transform, encode));
    const deadLetters = await settle({ place, records }, judged, props, progress, isLast);
    open.delete(name);
    context.info('Batch settled.', { records: records.length, deadLetters });
  };
}

/** The id of a version of a row. */
function versionOf({ _rid = '', _etag = '' }: Changed): string {
  return `${_rid}.${_etag.replaceAll('"', '')}`;
}

function recordOf(change: Changed, source: string, position: SourceRecord['position']): SourceRecord {
  const { _rid, _self, _etag, _attachments, _ts = 0, _lsn, ...after } = change;
  const arrived = new Date(_ts * 1000);
  const event = {
    specversion: '1.0',
    id: versionOf(change),
    source,
    type: 'row.written',
    time: arrived.toISOString(),
    datacontenttype: 'application/json',
    data: { after },
  };
  return { bytes: Buffer.from(JSON.stringify(event)), arrived, position };
}
