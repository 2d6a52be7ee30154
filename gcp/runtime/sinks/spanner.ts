import { writeEach } from '../../../shared/runtime/each-row';
import { PermanentError } from '../../../shared/runtime/event';
import { setting } from '../../../shared/runtime/setting';
import type { Made, Sink, SourceRecord } from '../../../shared/runtime/sink';
import { inOneLine } from '../../../shared/runtime/verdict';
import { emulatorOf } from '../loopback';
import { ask, hasStatus } from '../post';
import { columnsOf, rowOf, type SpannerRow } from './spanner/row';

const HOST = 'spanner.googleapis.com';

/** The limits of a commit. The first counts the cells. The second is 100 MB, with room for the index entries. */
const [COMMIT_CELLS, COMMIT_BYTES] = [80_000, 50_000_000];

/**
 * Spanner: inserts the rows of each event with one commit, so that all of them are stored or none.
 *
 * An insert fails if its key exists. As a commit stores all rows of an event, this means that the event is stored: a retry changes
 * nothing, also if only the answer of the first commit was lost. The session has the role of the database that may insert, and
 * nothing else. All commits of a process share one multiplexed session, which Spanner deletes by itself.
 * @param name the start of the environment variables of the store: `STORE` reads `STORE_PROJECT`, `STORE_INSTANCE`, `STORE_DATABASE`,
 * `STORE_TABLE`, `STORE_ROLE`, `STORE_COLUMNS` and `STORE_RETENTION_SECONDS`
 * @param timeout after how many milliseconds without an answer a request fails
 * @see https://cloud.google.com/spanner/docs/reference/rest/v1/projects.instances.databases.sessions/commit
 */
export function spannerSink(name: string, timeout = 20_000): Sink<SpannerRow> {
  const instance = `/v1/projects/${setting(`${name}_PROJECT`)}/instances/${setting(`${name}_INSTANCE`)}`;
  const sessions = `${instance}/databases/${setting(`${name}_DATABASE`)}/sessions`;
  const table = setting(`${name}_TABLE`);
  const creatorRole = setting(`${name}_ROLE`);
  const columns = columnsOf(setting(`${name}_COLUMNS`));
  const retention = Number(setting(`${name}_RETENTION_SECONDS`));
  const emulator = emulatorOf('SPANNER_EMULATOR_HOST', process.env.SPANNER_EMULATOR_HOST);
  const request = (content: object) => ({ body: JSON.stringify(content), contentType: 'application/json', timeout });

  let session: Promise<string> | undefined;

  async function open(): Promise<string> {
    const answer = await ask(emulator, HOST, sessions, request({ session: { creatorRole, multiplexed: true } }));
    const path = (JSON.parse(answer) as { readonly name: string }).name;
    return path.slice(path.lastIndexOf('/') + 1);
  }

  /** Rows expire some time after their event arrived, which is the same at every retry. */
  const expiry = ({ arrived }: SourceRecord): SpannerRow =>
    retention === 0 ? {} : { expires_at: new Date(arrived.getTime() + retention * 1000).toISOString() };

  async function insert(rows: readonly SpannerRow[]): Promise<void> {
    const mutations = rows.map((row) => ({ insert: { table, columns: Object.keys(row), values: [Object.values(row)] } }));
    const content = request({ singleUseTransaction: { readWrite: {} }, mutations });
    requireCommit(rows, content.body);
    // If it cannot be opened, the next commit tries again. That is no answer to the rows: they are neither refused nor stored.
    session ??= open().catch((error: unknown) => {
      session = undefined;
      throw new Error(`no session: ${inOneLine(error)}`);
    });
    try {
      const answer = await ask(emulator, HOST, `${sessions}/${await session}:commit`, content);
      if (!answer.includes('"commitTimestamp"')) throw new Error('Spanner answered, and did not commit');
    } catch (error) {
      if (hasStatus(error, 'ALREADY_EXISTS')) return;
      // Spanner deletes a session after four weeks. The next commit opens another one.
      if (hasStatus(error, 'NOT_FOUND')) session = undefined;
      throw error;
    }
  }

  return {
    encode: (row, event, index) => rowOf(row, event, index, columns),
    write: async ({ made }, signal) => {
      signal?.throwIfAborted();
      return writeEach(
        byRecord(made).map(({ stored, record }) => ({ stored: stored.map((row) => ({ ...row, ...expiry(record) })), record })),
        insert,
        (error) => error instanceof PermanentError || hasStatus(error, 'INVALID_ARGUMENT'),
      );
    },
  };
}

/** The rows of each record together. */
function byRecord(made: readonly Made<SpannerRow>[]): Made<SpannerRow[]>[] {
  const rows = new Map<SourceRecord, SpannerRow[]>();
  for (const { stored, record } of made) {
    const known = rows.get(record);
    if (known) known.push(stored);
    else rows.set(record, [stored]);
  }
  return [...rows].map(([record, stored]) => ({ record, stored }));
}

function requireCommit(rows: readonly SpannerRow[], body: string) {
  const cells = rows.reduce((sum, row) => sum + Object.keys(row).length, 0);
  if (cells > COMMIT_CELLS) throw new PermanentError(`the rows of the event have ${cells} cells, and a commit has at most ${COMMIT_CELLS}`);
  const bytes = Buffer.byteLength(body);
  if (bytes > COMMIT_BYTES) throw new PermanentError(`the rows of the event have ${bytes} bytes, and a commit has at most ${COMMIT_BYTES}`);
}
