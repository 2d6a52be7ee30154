import type { IncomingMessage } from 'node:http';
import { type Answer, type Loopback, serve } from '../../../../local/loopback';
import type { StoreStandIns } from '../../store-stand-in';

/** What becomes of a request: it is stored, it is stored but the answer is lost, there is no answer, or it fails. */
export type Fate = 'stores' | 'stores and breaks' | 'hangs' | { readonly code: number; readonly status: string };

type Body = Readonly<Record<string, any>>;

/** A document that somebody wants to create, in the JSON of one of the two APIs. */
interface Creation {
  /** `database/collection/id` */
  readonly name: string;
  readonly fields: Body;
}

const CREATE = /^\/v1\/projects\/acme-data\/databases\/([^/]+)\/documents\/([^/]+)$/;
const COMMIT = /^\/v1\/projects\/acme-data:commit$/;
const DOCUMENT_BYTES = 1024 * 1024;

/**
 * Stands in for Firestore, for those who create documents or entities: one request for each.
 * @see https://cloud.google.com/firestore/quotas#limits
 */
export class FirestoreStandIn {
  readonly documents = new Map<string, Body>();
  /** The lines of all requests. */
  readonly requests: string[] = [];
  fate: (name: string) => Fate = () => 'stores';
  /** Such as `127.0.0.1:8080`. */
  address = '';

  private server?: Loopback;

  async start(): Promise<this> {
    this.server = await serve((request, body) => this.answer(request, body));
    this.address = this.server.host;
    return this;
  }

  async stop() {
    await this.server?.close();
  }

  private answer(request: IncomingMessage, body: Buffer): Answer | Promise<Answer> {
    this.requests.push(`${request.method} ${request.url}`);
    const creation = read(request, JSON.parse(body.toString()));
    if (!creation) return failed(404, 'NOT_FOUND');
    const { name, fields } = creation;
    const fate = this.fate(name);
    if (typeof fate === 'object') return failed(fate.code, fate.status);
    if (fate === 'hangs') return new Promise(() => {});
    if (!isStorable(fields) || body.length > 2 * DOCUMENT_BYTES) return failed(400, 'INVALID_ARGUMENT');
    if (this.documents.has(name)) return failed(409, 'ALREADY_EXISTS');
    this.documents.set(name, fields);
    if (fate === 'stores') return json(200, {});
    request.socket.destroy();
    return new Promise(() => {});
  }
}

function read({ method, url, headers }: IncomingMessage, body: Body): Creation | undefined {
  const { pathname, searchParams } = new URL(url!, 'http://firestore');
  if (method !== 'POST') return undefined;
  const [, database, collection] = CREATE.exec(pathname) ?? [];
  if (database) return { name: `${database}/${collection}/${searchParams.get('documentId')}`, fields: body.fields };
  if (!COMMIT.test(pathname) || headers['x-goog-request-params'] !== `project_id=acme-data&database_id=${body.databaseId}`)
    return undefined;
  const [{ insert }, ...others] = body.mutations;
  const { partitionId, path } = insert.key;
  if (others.length > 0 || body.mode !== 'NON_TRANSACTIONAL' || partitionId.databaseId !== body.databaseId) return undefined;
  return { name: `${body.databaseId}/${path[0].kind}/${path[0].name}`, fields: insert.properties };
}

/** Names and levels of fields, and lists in lists. */
function isStorable(fields: Body, levels = 20): boolean {
  return Object.entries(fields).every(([name, value]) => name !== '' && !/^__.*__$/s.test(name) && isValue(value, levels));
}

function isValue({ arrayValue, mapValue, entityValue, excludeFromIndexes }: Body, levels: number): boolean {
  if (arrayValue) {
    const values: Body[] = arrayValue.values;
    return levels > 0 && excludeFromIndexes === undefined && values.every((one) => !one.arrayValue && isValue(one, levels - 1));
  }
  const inner = mapValue?.fields ?? entityValue?.properties;
  return inner === undefined || (levels > 0 && isStorable(inner, levels - 1));
}

function failed(code: number, status: string): Answer {
  return json(code, { error: { code, message: 'as told', status } });
}

function json(status: number, content: object): Answer {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(content, undefined, 2) };
}

/** For the proofs of handlers. */
export const stores: StoreStandIns = {
  'PROJECT DATABASE MODE COLLECTION LOOK_UP_BY RETENTION_SECONDS': async () => {
    const standIn = await new FirestoreStandIn().start();
    return {
      settings: {
        ...{ PROJECT: 'acme-data', DATABASE: 'acme-events', MODE: 'native', COLLECTION: 'events' },
        ...{ LOOK_UP_BY: 'source', RETENTION_SECONDS: '86400' },
      },
      environment: { FIRESTORE_EMULATOR_HOST: standIn.address },
      stored: () => [...standIn.documents.values()].map(({ eventId }) => eventId.stringValue),
      stop: () => standIn.stop(),
    };
  },
};
