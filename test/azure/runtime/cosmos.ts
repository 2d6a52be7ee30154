import { readFileSync } from 'node:fs';
import { serve } from '../../../local/loopback';
import type { Fault } from '../../support/faults';
import { certificate } from './services';

/** An item as Cosmos DB has it. */
export interface StandInItem {
  readonly id: string;
  readonly [field: string]: unknown;
}

const closes: (() => Promise<void>)[] = [];
afterAll(() => Promise.all(closes.map((close) => close())));

/** The names of characters that Cosmos DB takes in no id. */
const FORBIDDEN = /[/\\#?]/;

/**
 * A container of Cosmos DB on this machine, at the edge of the client: it has a partition key of two levels, adds an item only if its
 * key does not exist, and accepts nothing else.
 */
export async function cosmos(lookUpBy = 'source') {
  const items = new Map<string, StandInItem>();
  const requests: { readonly line: string; readonly headers: Readonly<Record<string, unknown>> }[] = [];
  let fault: Fault | number = 'none';
  let left = Number.POSITIVE_INFINITY;
  const answer = (status: number, body: object = { code: String(status), message: 'as told' }) => ({
    status,
    headers: { 'content-type': 'application/json', 'x-ms-retry-after-ms': '1' },
    body: JSON.stringify(body),
  });
  const pem = readFileSync(certificate, 'utf8');
  const server = await serve(
    ({ method, url, headers }, bytes) => {
      requests.push({ line: `${method} ${url}`, headers });
      if (!String(headers.authorization).startsWith('type%3Daad') && !String(headers.authorization).startsWith('type=aad'))
        return answer(401);
      if (method === 'GET' && url === '/dbs/rows/colls/rows')
        return answer(200, { id: 'rows', _rid: 'r', partitionKey: { paths: [`/${lookUpBy}`, '/id'], kind: 'MultiHash', version: 2 } });
      if (method !== 'POST' || url !== '/dbs/rows/colls/rows/docs' || headers['x-ms-documentdb-is-upsert']) return answer(403);
      const item: StandInItem = JSON.parse(bytes.toString());
      const key = JSON.stringify([item[lookUpBy], item.id]);
      if (
        headers['x-ms-documentdb-partitionkey'] !==
        key.replace(/[\u0080-\uffff]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`)
      )
        return answer(400, { code: 'BadRequest', message: `another partition key than ${key}` });
      if (FORBIDDEN.test(item.id) || item.id.length > 1023) return answer(400, { code: 'BadRequest', message: 'the id' });
      if (bytes.length > 2 * 1024 * 1024) return answer(413);
      const now = left-- > 0 ? fault : 'none';
      if (typeof now === 'number') return answer(now);
      const isThere = items.has(key);
      if (now !== 'before' && !isThere) items.set(key, item);
      if (now !== 'none') return answer(503);
      return isThere ? answer(409) : answer(201, item);
    },
    { key: pem, cert: pem },
  );
  closes.push(() => server.close());
  return {
    items,
    requests,
    settings: { ENDPOINT: `https://${server.host}/`, DATABASE: 'rows', CONTAINER: 'rows', LOOK_UP_BY: lookUpBy },
    /** How so many calls go from here on: a fault, or an answer with this status. */
    set: (next: Fault | number, calls = Number.POSITIVE_INFINITY) => {
      [fault, left] = [next, calls];
    },
  };
}
