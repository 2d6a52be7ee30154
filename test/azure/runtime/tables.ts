import { readFileSync } from 'node:fs';
import { serve } from '../../../local/loopback';
import type { Fault } from '../../support/faults';
import { certificate } from './services';

/** An entity as Table Storage has it on the wire. */
export interface StandInEntity {
  readonly PartitionKey: string;
  readonly RowKey: string;
  readonly [property: string]: unknown;
}

const closes: (() => Promise<void>)[] = [];
afterAll(() => Promise.all(closes.map((close) => close())));

/** Characters that Table Storage takes in no key. */
const FORBIDDEN = /[/\\#?\p{Cc}]/u;

/**
 * A table of Table Storage on this machine, at the edge of the client: it adds an entity only if its keys do not exist, and accepts
 * nothing else.
 */
export async function tables(lookUpBy = 'source') {
  const entities = new Map<string, StandInEntity>();
  const requests: string[] = [];
  let fault: Fault | number | 'being deleted' = 'none';
  let left = Number.POSITIVE_INFINITY;
  const answer = (status: number, code = 'AsTold', message = 'as told') => ({
    status,
    headers: { 'content-type': 'application/json;odata=minimalmetadata', 'retry-after-ms': '1' },
    body: status === 204 ? '' : JSON.stringify({ 'odata.error': { code, message: { lang: 'en-US', value: message } } }),
  });
  const pem = readFileSync(certificate, 'utf8');
  const server = await serve(
    ({ method, url, headers }, bytes) => {
      requests.push(`${method} ${url}`);
      if (headers.authorization !== 'Bearer a token') return answer(401);
      if (method !== 'POST' || url !== '/acmerows' || headers.prefer !== 'return-no-content') return answer(403);
      const entity: StandInEntity = JSON.parse(bytes.toString());
      const { PartitionKey, RowKey } = entity;
      if ([PartitionKey, RowKey].some((key) => FORBIDDEN.test(key) || key.length > 1024)) return answer(400, 'KeyValueTooLarge');
      const now = left-- > 0 ? fault : 'none';
      if (typeof now === 'number') return answer(now);
      if (now === 'being deleted') return answer(409, 'TableBeingDeleted', 'The specified table is being deleted.');
      const key = JSON.stringify([PartitionKey, RowKey]);
      const isThere = entities.has(key);
      if (now !== 'before' && !isThere) entities.set(key, entity);
      if (now !== 'none') return answer(503);
      return isThere ? answer(409, 'EntityAlreadyExists', 'The specified entity already exists.') : answer(204);
    },
    { key: pem, cert: pem },
  );
  closes.push(() => server.close());
  return {
    entities,
    requests,
    settings: { ENDPOINT: `https://${server.host}/`, TABLE: 'acmerows', LOOK_UP_BY: lookUpBy },
    /** How so many calls go from here on: a fault, or an answer with this status. */
    set: (next: typeof fault, calls = Number.POSITIVE_INFINITY) => {
      [fault, left] = [next, calls];
    },
  };
}
