import { type ChildProcess, fork } from 'node:child_process';
import { createHash, createHmac } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { type Database, type Migration, migrate, type Run } from '../../../../aws/foundation/sql/migrate/runner';
import { scramVerifier } from '../../../../aws/foundation/sql/migrate/scram';

// PostgreSQL is slow to start.
jest.setTimeout(60_000);

const folder = path.join(__dirname, '../../../../aws/foundation/sql/migrate');
const shipped: Migration[] = readdirSync(folder)
  .filter((file) => file.endsWith('.sql'))
  .map((version) => ({ version, sql: readFileSync(path.join(folder, version), 'utf8') }));
const users = [
  { username: 'writer', password: 'W7dXq0fFJmnPz3sGkTbRvYcE1hLuAi9N' },
  { username: 'reader', password: 'rB5yTn8KxQz2WcVfMgLpJd4HsEuAoX6i' },
];

/** All statements, with their parameters. */
let statements: string[] = [];
let values: string[] = [];

type Rows = readonly Readonly<Record<string, unknown>>[];

let postgres: ChildProcess;
/** Run SQL on PostgreSQL 18, and return the rows of the last statement. */
function query(sql: string, parameters?: readonly unknown[]): Promise<Rows> {
  const answer = new Promise<Rows>((resolve, reject) => {
    postgres.once('message', ({ result, fault }: { result: { rows: Rows }; fault?: { message: string } }) =>
      fault ? reject(Object.assign(new Error(fault.message), fault)) : resolve(result.rows),
    );
  });
  postgres.send({ id: 0, sql, parameters });
  return answer;
}

/** Run one statement with named parameters, like the Data API. */
const run: Run = (sql, parameters = {}) => {
  const names = Object.keys(parameters);
  statements.push(sql);
  values.push(...Object.values(parameters));
  return query(
    sql.replace(/(?<!:):([a-z]+)/g, (_, name) => `$${names.indexOf(name) + 1}`),
    Object.values(parameters),
  );
};

const database: Database = {
  async transaction(work) {
    await query('BEGIN');
    try {
      await work(run);
    } catch (error) {
      await query('ROLLBACK');
      throw error;
    }
    await query('COMMIT');
  },
};

/** Run SQL as a user. @returns the rows, or the code of the error */
async function as(username: string, sql: string): Promise<unknown> {
  await query(`SET SESSION AUTHORIZATION ${username}`);
  try {
    return await query(sql);
  } catch (error) {
    return (error as { code?: string }).code;
  } finally {
    await query('SET SESSION AUTHORIZATION master');
  }
}

const DENIED = '42501';
const INSERT = `INSERT INTO events (event_key, event_source, event_id, event_type, event_time, row_index, data)
  VALUES ('\\x01', '/test', '1', 'test', '2026-01-31T08:29:59Z', 0, '{"a": 1.10}') ON CONFLICT DO NOTHING`;

/** The content of the database, except the salt of each password. */
async function everything() {
  const tables = `SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, ordinal_position`;
  const rights = `SELECT grantee, table_name, privilege_type FROM information_schema.role_table_grants WHERE table_schema = 'public' ORDER BY 1, 2, 3`;
  const asked = [tables, rights, 'SELECT rolname FROM pg_roles ORDER BY 1', 'SELECT * FROM schema_migrations', 'SELECT * FROM events'];
  const held: Rows[] = [];
  for (const sql of asked) held.push(await query(sql));
  return held;
}

/** The master user of RDS is not a superuser: it may create users, and owns the database. */
beforeAll(async () => {
  postgres = fork(path.join(__dirname, '../../../support/postgres-process.cjs'));
  await query('CREATE ROLE master LOGIN CREATEROLE; ALTER DATABASE postgres OWNER TO master; SET SESSION AUTHORIZATION master');
});
afterAll(() => postgres.disconnect());

describe('the SQL files', () => {
  beforeAll(async () => {
    statements = [];
    values = [];
    await migrate(database, shipped, users);
  });

  test('are recorded, each with its checksum', async () => {
    const rows = await query('SELECT version, checksum FROM schema_migrations ORDER BY version');
    expect(rows).toEqual(shipped.map(({ version, sql }) => ({ version, checksum: createHash('sha256').update(sql).digest('hex') })));
    expect(shipped.length).toBeGreaterThan(0);
  });

  test('create the columns that the sink writes', async () => {
    const [columns] = await everything();
    const ofEvents = (columns as Record<string, string>[]).filter(({ table_name }) => table_name === 'events');
    expect(ofEvents.map(({ column_name, data_type, is_nullable }) => `${column_name} ${data_type} ${is_nullable}`)).toEqual([
      'event_key bytea NO',
      'event_source text NO',
      'event_id text NO',
      'event_type text NO',
      'event_time timestamp with time zone NO',
      'row_index integer NO',
      'subject text YES',
      'data jsonb YES',
      'rest jsonb YES',
    ]);
  });

  test('a writer adds a row, and the same row again changes nothing', async () => {
    expect(await as('writer', INSERT)).toEqual([]);
    expect(await as('writer', INSERT.replace('1.10', '2'))).toEqual([]);
    expect(await as('reader', 'SELECT event_id, data::text FROM events')).toEqual([{ event_id: '1', data: '{"a": 1.10}' }]);
  });

  test.each([
    'SELECT * FROM events',
    `INSERT INTO events SELECT * FROM events`,
    `${INSERT.replace('ON CONFLICT DO NOTHING', 'RETURNING event_id')}`,
    `UPDATE events SET subject = 'x'`,
    'DELETE FROM events',
    'TRUNCATE events',
    'DROP TABLE events',
    'ALTER TABLE events ADD COLUMN more int',
    'SELECT * FROM schema_migrations',
    'CREATE TABLE mine (a int)',
    'CREATE TEMPORARY TABLE mine (a int)',
    'CREATE ROLE friend',
    `ALTER ROLE reader PASSWORD 'mine'`,
  ])('a writer cannot %s', async (sql) => expect(await as('writer', sql)).toBe(DENIED));

  test.each([
    INSERT,
    `UPDATE events SET subject = 'x'`,
    'DELETE FROM events',
    'TRUNCATE events',
    'DROP TABLE events',
    'SELECT * FROM schema_migrations',
    'CREATE TABLE mine (a int)',
    'CREATE TEMPORARY TABLE mine (a int)',
    `ALTER ROLE writer PASSWORD 'mine'`,
  ])('a reader cannot %s', async (sql) => expect(await as('reader', sql)).toBe(DENIED));

  test('another user has no access to the table', async () => {
    await query('CREATE ROLE stranger');
    expect(await as('stranger', 'SELECT * FROM public.events')).toBe(DENIED);
    const rows = await query(`SELECT has_database_privilege('stranger', current_database(), 'CONNECT') AS connects`);
    expect(rows).toEqual([{ connects: false }]);
  });

  test('PostgreSQL stores the passwords as SCRAM, as if it had created the verifiers itself', async () => {
    await query('SET SESSION AUTHORIZATION postgres');
    const rows = await query(`SELECT rolname, rolpassword FROM pg_authid WHERE rolname IN ('writer', 'reader')`);
    await query('CREATE ROLE witness');
    for (const { username, password } of users) {
      const kept = rows.find(({ rolname }) => rolname === username)!.rolpassword!;
      expect(kept).toMatch(/^SCRAM-SHA-256\$4096:[\w+/]{22}==\$[\w+/]{43}=:[\w+/]{43}=$/);
      await query(`ALTER ROLE witness PASSWORD '${password}'`);
      const [witness] = await query(`SELECT rolpassword FROM pg_authid WHERE rolname = 'witness'`);
      const [, salt] = /:(.*)\$/.exec(String(witness!.rolpassword))!;
      expect(scramVerifier(password, Buffer.from(salt!, 'base64'))).toBe(witness!.rolpassword);
    }
    await query('DROP ROLE witness; SET SESSION AUTHORIZATION master');
  });

  test('no statement contains a password or a verifier, and no parameter a password', () => {
    expect(statements.length).toBeGreaterThan(10);
    for (const { password } of users) expect([...statements, ...values].join('\n')).not.toContain(password);
    expect(statements.join('\n')).not.toContain('SCRAM-SHA-256$');
    expect(values.filter((value) => value.startsWith('SCRAM-SHA-256$'))).toHaveLength(2);
  });

  test('nothing changes when they run again', async () => {
    const before = await everything();
    expect(await migrate(database, shipped, users)).toEqual([]);
    expect(await everything()).toEqual(before);
  });

  test('can run again if their records were deleted', async () => {
    await query('DELETE FROM schema_migrations');
    expect(await migrate(database, shipped, users)).toEqual(shipped.map(({ version }) => version));
  });

  test('have no colon outside of strings, which the Data API would read as a parameter', () => {
    for (const { sql } of shipped) expect(sql.replace(/'[^']*'/g, '').replace(/^--.*$/gm, '')).not.toContain(':');
  });
});

describe('the runner', () => {
  beforeEach(() =>
    query('SET SESSION AUTHORIZATION postgres; DROP SCHEMA public CASCADE; SET SESSION AUTHORIZATION master; CREATE SCHEMA public'),
  );
  const tables = async () =>
    (await query(`SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1`)).map(({ tablename }) => tablename);

  test('runs files in the order of their names, and each once', async () => {
    const first = { version: '0001-a.sql', sql: 'CREATE TABLE a (x int);' };
    const second = { version: '0002-b.sql', sql: '-- Needs the first.\nALTER TABLE a ADD COLUMN y int;\n\nCREATE TABLE b (x int);\n' };
    expect(await migrate(database, [second, first], [])).toEqual(['0001-a.sql', '0002-b.sql']);
    const third = { version: '0003-c.sql', sql: 'CREATE TABLE c (x int);' };
    expect(await migrate(database, [first, second, third], [])).toEqual(['0003-c.sql']);
    expect(await tables()).toEqual(['a', 'b', 'c', 'schema_migrations']);
  });

  test('refuses a file that was changed after it was run, and runs nothing after it', async () => {
    const first = { version: '0001-a.sql', sql: 'CREATE TABLE a (x int);' };
    await migrate(database, [first], []);
    const changed = { ...first, sql: 'CREATE TABLE a (y int);' };
    await expect(migrate(database, [changed, { version: '0002-b.sql', sql: 'CREATE TABLE b (x int);' }], [])).rejects.toThrow(
      new Error('0001-a.sql was changed after it was run. Restore it, and put the change into a new file.'),
    );
    expect(await tables()).toEqual(['a', 'schema_migrations']);
  });

  test('rolls back a file that fails halfway, and continues with it after it is corrected', async () => {
    const halfway = { version: '0001-a.sql', sql: 'CREATE TABLE a (x int);\n\nCREATE TABEL b (x int);' };
    await expect(migrate(database, [halfway], [])).rejects.toThrow('syntax error');
    expect(await tables()).toEqual(['schema_migrations']);
    expect(await migrate(database, [{ ...halfway, sql: halfway.sql.replace('TABEL', 'TABLE') }], [])).toEqual(['0001-a.sql']);
  });

  test('takes the lock first in every transaction, so that concurrent deploys wait for each other', async () => {
    statements = [];
    const begun: string[] = [];
    const watched: Database = {
      transaction: (work) =>
        database.transaction((run) => {
          let first = true;
          return work((sql, parameters) => {
            if (first) begun.push(sql);
            first = false;
            return run(sql, parameters);
          });
        }),
    };
    await migrate(watched, shipped, users);
    expect(begun).toHaveLength(shipped.length + 2);
    expect(new Set(begun)).toEqual(new Set([expect.stringContaining('pg_advisory_xact_lock')]));
  });
});

test('a verifier accepts the client proof of the example in RFC 7677, and has its server signature', () => {
  const nonces = 'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0';
  const exchange = `n=user,r=rOprNGfwEbeRWgbNEkqO,${nonces},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,${nonces}`;
  const verifier = scramVerifier('pencil', Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64'));
  const [storedKey, serverKey] = verifier
    .split('$')[2]!
    .split(':')
    .map((key) => Buffer.from(key, 'base64'));
  const signedWith = (key: Buffer) => createHmac('sha256', key).update(exchange).digest();
  expect(signedWith(serverKey!).toString('base64')).toBe('6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=');
  const proof = Buffer.from('dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=', 'base64');
  const clientKey = signedWith(storedKey!).map((byte, at) => byte ^ proof[at]!);
  expect(createHash('sha256').update(clientKey).digest()).toEqual(storedKey);
});
