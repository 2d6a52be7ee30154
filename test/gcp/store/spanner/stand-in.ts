import type { IncomingMessage } from 'node:http';
import { columnsOf, DEFAULT_SCHEMA, rolesOf, statementsOf } from '../../../../gcp/store/spanner/row-table';
import { type Answer, type Loopback, serve } from '../../../../local/loopback';
import type { StoreStandIns } from '../../store-stand-in';

/** What becomes of a commit: it is stored, it is stored but the answer is lost, there is no answer, or it fails. */
export type Fate = 'stores' | 'stores and breaks' | 'hangs' | { readonly code: number; readonly status: string };

/** A row by column name. */
type Stored = Readonly<Record<string, unknown>>;

const SESSIONS = '/v1/projects/acme-data/instances/acme-events/databases/events/sessions';
const KEY = ['event_source', 'event_id', 'row_index'];
const [KEY_BYTES, TEXT_CHARACTERS, JSON_BYTES, JSON_LEVELS, COMMIT_CELLS] = [8192, 2_621_440, 10_000_000, 80, 80_000];

/**
 * Stands in for Spanner, for those who insert rows in a session with a role of the database. The table, its types, its roles and
 * their privileges come from the statements that create it.
 * @see https://cloud.google.com/spanner/quotas
 */
export class SpannerStandIn {
  readonly rows = new Map<string, Stored>();
  /** The lines of all requests. */
  readonly requests: string[] = [];
  /** Sessions by id, with their roles. */
  readonly sessions = new Map<string, string>();
  /** What becomes of a commit, by the ids of its events. */
  fate: (ids: readonly unknown[]) => Fate = () => 'stores';
  /** How a request for a session is refused, if it is. */
  refusal?: { readonly code: number; readonly status: string };
  /** Such as `127.0.0.1:8080`. */
  address = '';

  private readonly types = new Map<string, string>();
  private readonly required = new Set<string>();
  private readonly privileges = new Map<string, Set<string>>();
  private opened = 0;
  private server?: Loopback;

  constructor(statements: readonly string[] = statementsOf('events', DEFAULT_SCHEMA)) {
    for (const statement of statements) this.run(statement);
  }

  async start(): Promise<this> {
    this.server = await serve((request, body) => this.answer(request, body));
    this.address = this.server.host;
    return this;
  }

  async stop() {
    await this.server?.close();
  }

  private run(statement: string) {
    const [, columns] = /^CREATE TABLE `events` \((.*?)\) PRIMARY KEY/.exec(statement) ?? [];
    for (const column of columns?.split(', ') ?? []) {
      const [name, type] = column.split(' ');
      this.types.set(name!, type!);
      if (column.endsWith('NOT NULL')) this.required.add(name!);
    }
    const [, added, type] = /^ALTER TABLE `events` ADD COLUMN `(\w+)` (.+)$/.exec(statement) ?? [];
    if (added) this.types.set(added, type!);
    const [, role] = /^CREATE ROLE (\w+)$/.exec(statement) ?? [];
    if (role) this.privileges.set(role, new Set());
    const [, privilege, to] = /^GRANT (\w+) ON TABLE `events` TO ROLE (\w+)$/.exec(statement) ?? [];
    if (privilege) this.privileges.get(to!)!.add(privilege);
  }

  private answer({ method, url, socket }: IncomingMessage, body: Buffer): Answer | Promise<Answer> {
    this.requests.push(`${method} ${url}`);
    const content = JSON.parse(body.toString());
    if (method !== 'POST') return failed(405, 'UNIMPLEMENTED');
    if (url === SESSIONS) return this.open(content.session);
    const [, session] = new RegExp(`^${SESSIONS}/([^/]+):commit$`).exec(url!) ?? [];
    if (!session || !this.sessions.has(session)) return failed(404, 'NOT_FOUND');
    const rows: Stored[] = content.mutations.flatMap(
      ({ insert: { columns, values } }: { insert: { columns: string[]; values: unknown[][] } }) =>
        values.map((row) => Object.fromEntries(columns.map((column, index) => [column, row[index]]))),
    );
    const fate = this.fate(rows.map(({ event_id }) => event_id));
    if (typeof fate === 'object') return failed(fate.code, fate.status);
    if (fate === 'hangs') return new Promise(() => {});
    const refusal = this.refuse(content, this.sessions.get(session)!, rows);
    if (refusal) return refusal;
    for (const row of rows) this.rows.set(keyOf(row), row);
    if (fate === 'stores') return json(200, { commitTimestamp: '2026-01-31T08:30:00.123456Z' });
    socket.destroy();
    return new Promise(() => {});
  }

  private open({ creatorRole, multiplexed }: { readonly creatorRole?: string; readonly multiplexed?: boolean }): Answer {
    if (this.refusal) return failed(this.refusal.code, this.refusal.status);
    if (multiplexed !== true) return failed(400, 'INVALID_ARGUMENT');
    if (!this.privileges.has(creatorRole!)) return failed(403, 'PERMISSION_DENIED');
    const id = `session-${++this.opened}`;
    this.sessions.set(id, creatorRole!);
    return json(200, { name: `${SESSIONS.slice('/v1/'.length)}/${id}`, creatorRole, multiplexed });
  }

  /** Why a commit is refused as a whole, in the order in which Spanner looks. */
  private refuse(content: any, role: string, rows: readonly Stored[]): Answer | undefined {
    const isWrite = content.mutations.every(({ insert, ...others }: any) => insert?.table === 'events' && Object.keys(others).length === 0);
    if (!isWrite || JSON.stringify(content.singleUseTransaction) !== '{"readWrite":{}}') return failed(400, 'INVALID_ARGUMENT');
    if (!this.privileges.get(role)!.has('INSERT')) return failed(403, 'PERMISSION_DENIED');
    if (rows.reduce((sum, row) => sum + Object.keys(row).length, 0) > COMMIT_CELLS) return failed(400, 'INVALID_ARGUMENT');
    if (rows.some((row) => Object.keys(row).some((column) => !this.types.has(column)))) return failed(404, 'NOT_FOUND');
    if (rows.some((row) => !this.isStorable(row))) return failed(400, 'FAILED_PRECONDITION');
    if (rows.some((row) => Buffer.byteLength(keyOf(row)) > KEY_BYTES)) return failed(400, 'INVALID_ARGUMENT');
    return rows.some((row) => this.rows.has(keyOf(row))) ? failed(409, 'ALREADY_EXISTS') : undefined;
  }

  private isStorable(row: Stored): boolean {
    const isComplete = [...this.required].every((column) => row[column] !== undefined && row[column] !== null);
    return isComplete && Object.entries(row).every(([column, value]) => fits(this.types.get(column)!, value));
  }
}

function keyOf(row: Stored): string {
  return JSON.stringify(KEY.map((column) => row[column]));
}

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/;

/** Whether a value is what the JSON of a column of this type takes. */
function fits(type: string, value: unknown): boolean {
  if (type === 'BOOL') return typeof value === 'boolean';
  if (type === 'FLOAT64') return typeof value === 'number';
  if (typeof value !== 'string' || /\p{Surrogate}/u.test(value)) return false;
  if (type === 'STRING(MAX)') return [...value].length <= TEXT_CHARACTERS;
  if (type === 'INT64') return /^-?\d+$/.test(value) && BigInt.asIntN(64, BigInt(value)) === BigInt(value);
  if (type === 'TIMESTAMP') return TIME.test(value) && !Number.isNaN(Date.parse(value));
  if (type === 'DATE') return new Date(`${value}T00:00:00Z`).toISOString().startsWith(value);
  if (type === 'NUMERIC') return /^-?(?=\d{1,29}(\.|$))\d+(\.\d{1,9})?$/.test(value);
  return type === 'JSON' && isJson(value);
}

function isJson(text: string): boolean {
  if (Buffer.byteLength(text) > JSON_BYTES) return false;
  const levels = (value: unknown): number =>
    typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(levels)) : 0;
  try {
    if (levels(JSON.parse(text)) > JSON_LEVELS) return false;
  } catch {
    return false;
  }
  const numbers = text.replace(/"(?:[^"\\]|\\.)*"/g, '').match(/-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g) ?? [];
  return !/\\ud[89a-f]/.test(text) && numbers.every(isExact);
}

/** Whether it is an integer of 64 bits, or the shortest text of a double. */
function isExact(number: string): boolean {
  if (/^-?\d+$/.test(number) && BigInt(number) >= -(2n ** 63n) && BigInt(number) < 2n ** 64n) return true;
  return significant(String(Number(number))) === significant(number);
}

/** The significant digits of a number and its power of ten: the same for `100.0` and `1e2`. */
function significant(number: string): string {
  const [, whole = '', fraction = '', exponent = '0'] = /^-?(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i.exec(number) ?? [];
  const digits = `${whole}${fraction}`.replace(/^0+/, '');
  const ended = digits.replace(/0+$/, '');
  return ended === '' ? '0' : `${ended}e${Number(exponent) - fraction.length + digits.length - ended.length}`;
}

function failed(code: number, status: string): Answer {
  return json(code, { error: { code, message: 'as told', status } });
}

function json(status: number, content: object): Answer {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(content, undefined, 2) };
}

/** For the proofs of handlers. */
export const stores: StoreStandIns = {
  'PROJECT INSTANCE DATABASE TABLE ROLE COLUMNS RETENTION_SECONDS': async () => {
    const standIn = await new SpannerStandIn().start();
    return {
      settings: {
        ...{ PROJECT: 'acme-data', INSTANCE: 'acme-events', DATABASE: 'events', TABLE: 'events', ROLE: rolesOf('events').writer },
        ...{ COLUMNS: columnsOf(DEFAULT_SCHEMA), RETENTION_SECONDS: '86400' },
      },
      environment: { SPANNER_EMULATOR_HOST: standIn.address },
      stored: () => [...standIn.rows.values()].map(({ event_id }) => event_id),
      stop: () => standIn.stop(),
    };
  },
};
