import { type ChildProcess, fork } from 'node:child_process';
import path from 'node:path';

/** A result of PostgreSQL. */
export interface Result {
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  readonly affectedRows?: number;
}

/** The table that `AuroraStore` makes, and a user that may add to it and nothing else. */
const TABLE = `
  CREATE TABLE events (
    event_key bytea PRIMARY KEY, event_source text NOT NULL, event_id text NOT NULL, event_type text NOT NULL,
    event_time timestamptz NOT NULL, row_index int NOT NULL, subject text, data jsonb, rest jsonb
  );
  CREATE ROLE writer;
  GRANT INSERT ON events TO writer;
`;

const processes: ChildProcess[] = [];

/** Start PostgreSQL with an empty table of events. It is gone when the tests of the file are over. */
export function postgres() {
  const child = fork(path.join(__dirname, 'postgres-process.cjs'));
  processes.push(child);
  const waiting = new Map<number, (message: { result: Result; fault?: object }) => void>();
  let asked = 0;
  child.on('message', (message: { id: number; result: Result; fault?: object }) => waiting.get(message.id)?.(message));
  const run = async (sql: string, parameters?: readonly unknown[]): Promise<Result> => {
    const id = ++asked;
    const answer = new Promise<{ result: Result; fault?: object }>((resolve) => waiting.set(id, resolve));
    child.send({ id, sql, parameters });
    const { result, fault } = await answer;
    if (fault) throw Object.assign(new Error(), fault);
    return result;
  };
  const ready = run(`${TABLE} SET ROLE writer`);
  return {
    /** Run one statement as the writer. */
    query: async (sql: string, parameters: readonly unknown[]) => ready.then(() => run(sql, parameters)),
    /** Run statements as the owner, and hand back the rows of the last one. */
    asOwner: async (sql: string) => {
      await ready;
      await run('RESET ROLE');
      const { rows } = await run(sql);
      await run('SET ROLE writer');
      return rows;
    },
  };
}

afterAll(() => {
  for (const child of processes) child.disconnect();
});
