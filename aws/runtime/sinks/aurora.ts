import { ExecuteStatementCommand, RDSDataClient } from '@aws-sdk/client-rds-data';
import { setting } from '../../../shared/runtime/setting';
import type { Made, Refusal, Sink, SourceRecord } from '../../../shared/runtime/sink';
import { inOneLine } from '../../../shared/runtime/verdict';
import { CLIENT } from '../requests';
import { auroraRow, COLUMNS } from './aurora-row';

/** Settings for {@link auroraSink}. */
export interface AuroraSinkProps {
  /** The name of the store: `STORE` reads `STORE_CLUSTER_ARN`, `STORE_SECRET_ARN`, `STORE_DATABASE` and `STORE_TABLE`. */
  readonly name: string;
}

/** A request has at most 4 MiB. The rest is for the other parameters. */
const STATEMENT_BYTES = 4_000_000;

/** Errors of the data and not of the database: an invalid value, a constraint, a limit. */
const PERMANENT = /; SQLState: (22...|23...|54...)$/;

/** A record, its rows, and their size in a request. */
interface Entry {
  readonly record: SourceRecord;
  readonly rows: string[];
  bytes: number;
}

/**
 * Adds rows to a table in Aurora PostgreSQL over the RDS Data API, so that the function does not connect to a VPC.
 *
 * The key of a row is its event and its index among the rows of the event: if the key exists, the row is not changed. Two
 * transforms of the same events require one table for each. All rows of one record are written in one statement.
 * @see https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/data-api.html
 */
export function auroraSink({ name }: AuroraSinkProps): Sink<string> {
  const client = new RDSDataClient(CLIENT);
  const resourceArn = setting(`${name}_CLUSTER_ARN`);
  const secretArn = setting(`${name}_SECRET_ARN`);
  const database = setting(`${name}_DATABASE`);
  const sql = insertInto(setting(`${name}_TABLE`));

  async function insert(entries: readonly Entry[], abortSignal?: AbortSignal): Promise<void> {
    const stringValue = `[${entries.flatMap(({ rows }) => rows).join(',')}]`;
    const parameters = [{ name: 'rows', value: { stringValue } }];
    await client.send(new ExecuteStatementCommand({ resourceArn, secretArn, database, sql, parameters }), { abortSignal });
  }

  return {
    encode: auroraRow,
    async write({ made }, abortSignal) {
      const entries = entriesOf(made);
      const refusals: Refusal[] = entries
        .filter(({ bytes }) => bytes > STATEMENT_BYTES)
        .map(({ record, bytes }) => ({
          record,
          reason: `the rows of the event have ${bytes} bytes, and a statement has at most ${STATEMENT_BYTES}`,
        }));
      const left = statementsOf(entries);
      for (let statement = left.shift(); statement; statement = left.shift()) {
        try {
          await insert(statement, abortSignal);
        } catch (error) {
          if (!isPermanent(error)) throw error;
          // Try each half, until the record that causes the error is found.
          const half = Math.ceil(statement.length / 2);
          if (statement.length === 1) refusals.push({ record: statement[0]!.record, reason: inOneLine(error) });
          else left.unshift(statement.slice(0, half), statement.slice(half));
        }
      }
      return refusals;
    },
  };
}

function isPermanent(error: unknown): boolean {
  return error instanceof Error && PERMANENT.test(error.message);
}

/** ON CONFLICT without a target requires no SELECT privilege: the user has only INSERT. */
function insertInto(table: string): string {
  const names = Object.keys(COLUMNS);
  const values = names.map((name) => (name === 'event_key' ? "decode(event_key, 'hex')" : name));
  const types = Object.entries(COLUMNS).map(([name, type]) => `${name} ${type}`);
  return (
    `INSERT INTO "${table.replaceAll('"', '""')}" (${names.join(', ')}) SELECT ${values.join(', ')} ` +
    `FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(${types.join(', ')}) ON CONFLICT DO NOTHING`
  );
}

function entriesOf(made: readonly Made<string>[]): Entry[] {
  const entries = new Map<SourceRecord, Entry>();
  for (const { record, stored } of made) {
    const entry = entries.get(record) ?? { record, rows: [], bytes: 0 };
    entries.set(record, entry);
    entry.rows.push(stored);
    // The rows are a string in the JSON of the request, where quotes are escaped. One byte more for the comma.
    entry.bytes += Buffer.byteLength(JSON.stringify(stored)) + 1;
  }
  return [...entries.values()];
}

/** Divides records into statements that fit into one request. Records that are too large are left out. */
function statementsOf(entries: readonly Entry[]): Entry[][] {
  const statements: Entry[][] = [];
  let room = 0;
  for (const entry of entries.filter(({ bytes }) => bytes <= STATEMENT_BYTES)) {
    if (entry.bytes > room) {
      statements.push([]);
      room = STATEMENT_BYTES;
    }
    statements.at(-1)!.push(entry);
    room -= entry.bytes;
  }
  return statements;
}
