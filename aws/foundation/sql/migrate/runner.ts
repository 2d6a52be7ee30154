import { createHash } from 'node:crypto';
import { scramVerifier } from './scram';

/** Run one statement. Its parameters are written as `:name`, and all of them are texts. */
export type Run = (sql: string, parameters?: Readonly<Record<string, string>>) => Promise<readonly Readonly<Record<string, unknown>>[]>;

/** A database, as the runner uses it. */
export interface Database {
  /** Run statements as a whole: when `work` fails, none of them took effect. */
  transaction(work: (run: Run) => Promise<void>): Promise<void>;
}

/** A file of statements. Those that were run once never change: a change is a file of its own, and only adds. */
export interface Migration {
  /** The name of the file. Migrations run in the order of their names. */
  readonly version: string;
  readonly sql: string;
}

/** A user of the database, as its secret holds it. */
export interface User {
  readonly username: string;
  readonly password: string;
}

/** Any number that nobody else locks: two runs at once go one after the other. */
const LOCK = 'SELECT CAST(pg_advisory_xact_lock(7233195) AS text) AS lock';
const TABLE = `CREATE TABLE IF NOT EXISTS schema_migrations (
  version text PRIMARY KEY,
  checksum text NOT NULL,
  at timestamptz NOT NULL DEFAULT now()
)`;
/** ALTER ROLE takes no parameters. These settings end with the transaction. */
const PASSWORD = `DO $$
BEGIN
  EXECUTE format('ALTER ROLE %I PASSWORD %L', current_setting('migrate.username'), current_setting('migrate.verifier'));
END
$$`;

/**
 * Bring a database to where its migrations lead, each in a transaction of its own, and give its users their passwords. What
 * was run already is left out, so a second run changes nothing.
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
      if (known) throw new Error(`${version} was changed after it was run. Undo that, and put the change into a new file.`);
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

/** The Data API takes one statement a call. */
function statementsOf(sql: string): string[] {
  return sql.split(/\n\s*\n/).filter((statement) => statement.trim() !== '');
}
