import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { type Answer, type Loopback, serve } from '../../loopback';

/** A database that runs SQL, such as PGlite. Its errors have the SQLSTATE as `code`. */
export interface Database {
  query(sql: string, parameters: readonly unknown[]): Promise<{ readonly affectedRows?: number }>;
}

/** An error of the Data API, with the code that clients get. */
export class DataApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

const REQUEST_BYTES = 4 * 1024 * 1024;
/** The parameters of ExecuteStatement that are emulated. Others are refused, because they would be ignored. */
const TAKES = ['resourceArn', 'secretArn', 'database', 'sql', 'parameters'];

/** The RDS Data API of one database. It runs statements that return no rows, each in its own transaction. */
export class DataApi {
  private server!: Loopback;

  private constructor(private readonly database: Database) {}

  static async start(database: Database): Promise<DataApi> {
    const api = new DataApi(database);
    api.server = await serve((request, body) => api.answer(request, body));
    return api;
  }

  get endpoint(): string {
    return `http://${this.server.host}`;
  }

  async stop(): Promise<void> {
    await this.server.close();
  }

  private async answer({ method, url }: IncomingMessage, body: Buffer): Promise<Answer> {
    try {
      if (method !== 'POST' || url !== '/Execute') throw new DataApiError(501, 'NotImplemented', `${method} ${url} is not emulated.`);
      if (body.length > REQUEST_BYTES) throw new DataApiError(413, 'RequestEntityTooLarge', `The request has ${body.length} bytes.`);
      return json(200, {}, await this.execute(JSON.parse(body.toString())));
    } catch (error) {
      const { status, code, message } = refusalOf(error);
      return json(status, { 'x-amzn-errortype': code }, { message });
    }
  }

  private async execute(request: Readonly<Record<string, unknown>>): Promise<object> {
    const unknown = Object.keys(request).find((name) => !TAKES.includes(name));
    if (unknown) throw new DataApiError(501, 'NotImplemented', `ExecuteStatement with ${unknown} is not emulated.`);
    const { sql, values } = positional(String(request.sql), (request.parameters ?? []) as readonly Parameter[]);
    const { affectedRows = 0 } = await this.database.query(sql, values);
    return { numberOfRecordsUpdated: affectedRows, generatedFields: [] };
  }
}

interface Parameter {
  readonly name: string;
  readonly typeHint?: string;
  readonly value: Readonly<Record<string, unknown>>;
}

/** Names of parameters, except in quotes, and except the two colons of a cast. */
const NAMES = /'(?:[^']|'')*'|"(?:[^"]|"")*"|::|:(\w+)/g;

/** A statement with `$1` instead of its first named parameter. */
function positional(sql: string, parameters: readonly Parameter[]) {
  const names: string[] = [];
  const text = sql.replace(NAMES, (found, name?: string) => {
    if (name === undefined) return found;
    if (!names.includes(name)) names.push(name);
    return `$${names.indexOf(name) + 1}`;
  });
  return { sql: text, values: names.map((name) => parameterOf(name, parameters)) };
}

function parameterOf(name: string, parameters: readonly Parameter[]): unknown {
  const parameter = parameters.find((one) => one.name === name);
  if (!parameter) throw new DataApiError(400, 'BadRequestException', `Cannot find parameter: ${name}`);
  const { value, typeHint } = parameter;
  if (typeHint !== undefined) throw new DataApiError(501, 'NotImplemented', `The hint ${typeHint} is not emulated.`);
  if (value.isNull === true) return null;
  const known = ['stringValue', 'longValue', 'booleanValue'].find((kind) => kind in value);
  if (!known) throw new DataApiError(501, 'NotImplemented', `${Object.keys(value)} is not emulated.`);
  return value[known];
}

/** The message of a database error, with the SQLSTATE at its end. */
function refusalOf(error: unknown): Pick<DataApiError, 'status' | 'code' | 'message'> {
  if (error instanceof DataApiError) return error;
  const { code, message, detail } = error as { code?: unknown; message?: unknown; detail?: string };
  if (typeof code !== 'string' || !/^[0-9A-Z]{5}$/.test(code)) {
    return { status: 500, code: 'InternalServerErrorException', message: String(message) };
  }
  const text = detail ? `ERROR: ${message}\n  Detail: ${detail}` : `ERROR: ${message}`;
  return { status: 400, code: 'DatabaseErrorException', message: `${text}; SQLState: ${code}` };
}

function json(status: number, headers: Readonly<Record<string, string>>, body: object): Answer {
  const all = { 'content-type': 'application/json', 'x-amzn-requestid': randomUUID(), ...headers };
  return { status, headers: all, body: JSON.stringify(body) };
}
