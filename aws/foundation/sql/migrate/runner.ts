import { createHash } from 'node:crypto';
import { scramVerifier } from './scram';

/** Run one statement. Its parameters are written as `:name`, and all are strings. */
export type Run = (sql: string, parameters?: Readonly<Record<string, string>>) => Promise<readonly Readonly<Record<string, unknown>>[]>;

/** A database, as the runner uses it. */
export interface Database {
  /** Run statements in one transaction: if `work` throws, none of them has an effect. */
  transaction(work: (run: Run) => Promise<void>): Promise<void>;
}

/** A file of statements. Never change a file that was run: put a change into a new file, with statements that only add. */
export interface Migration {
  /** The name of the file. Migrations run in the order of their names. */
  readonly version: string;
  readonly sql: string;
}

/** A user of the database, as in its secret. */
export interface User {
  readonly username: string;
  readonly password: string;
}

/** Any number that no other program locks. It makes concurrent runs wait for each other. */
const LOCK = 'SELECT CAST(pg_advisory_xact_lock(7233195) AS text) AS lock';
const TABLE = `CREATE TABLE IF NOT EXISTS schema_migrations (
  version text PRIMARY KEY,
  checksum text NOT NULL,
  at timestamptz NOT NULL DEFAULT now()
)`;
/** ALTER ROLE has no parameters, so they are passed as settings, which end with the transaction. */
const PASSWORD = `DO $$
BEGIN
  EXECUTE format('ALTER ROLE %I PASSWORD %L', current_setting('migrate.username'), current_setting('migrate.verifier'));
END
$$`;

/**
 * Run the migrations that were not run before, each in its own transaction, and set the passwords of the users. A second run
 * changes nothing.
 * @returns the versions that were run
 * @throws Error on a migration that was changed after it was run
 */
export async function migrate(database: Database, migrations: readonly Migration[], users: readonly User[]): Promise<string[]> {
  const ran: string[] = [];
  await database.transaction(async (run) => {
    await run(LOCK);
    await run(TABLE);
  });
  for (const { version, sql } of [...migrations].sort((a, b) => (a.version < b.version ? -1 : 1))) {
    const checksum = createHash('sha256').update(sql).digest('hex');
    await database.transaction(async (run) => {
      await run(LOCK);
      const [known] = await run('SELECT checksum FROM schema_migrations WHERE version = :version', { version });
      if (known?.checksum === checksum) return;
      if (known) throw new Error(`${version} was changed after it was run. Restore it, and put the change into a new file.`);
      for (const statement of statementsOf(sql)) await run(statement);
      await run('INSERT INTO schema_migrations (version, checksum) VALUES (:version, :checksum)', { version, checksum });
      ran.push(version);
    });
  }
  await database.transaction(async (run) => {
    await run(LOCK);
    for (const { username, password } of users) {
      const settings = { username, verifier: scramVerifier(password) };
      await run(`SELECT set_config('migrate.username', :username, true), set_config('migrate.verifier', :verifier, true)`, settings);
      await run(PASSWORD);
    }
  });
  return ran;
}

/** The Data API allows one statement in each call. */
function statementsOf(sql: string): string[] {
  return sql.split(/\n\s*\n/).filter((statement) => statement.trim() !== '');
}
