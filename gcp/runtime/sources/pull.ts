import type { Event, Row } from '../../../shared/runtime/event';
import type { Made, Sink } from '../../../shared/runtime/sink';
import { inOneLine } from '../../../shared/runtime/verdict';

/** One thing that was pulled, as it is now. */
export interface Item {
  /** What names it among all items of the source: 1 to 256 characters. */
  readonly id: string;
  /** Its fields. A field without a column goes into the column `rest`. */
  readonly row: Row;
}

/** What a pull reads, and where it writes it. */
export interface PullProps<Stored> {
  /**
   * Reads every item of the source once, and ends. It throws if it cannot read one: then nothing of the run counts.
   * Items that it leaves out are taken for deleted.
   */
  readonly pull: () => AsyncIterable<Item>;
  readonly sink: Sink<Stored>;
  /** Where the items come from: the `event_source` of each row. */
  readonly source: string;
}

/** How many items are written together. */
const LOT = 500;
const MOST_CHARACTERS = 256;

/**
 * {@link pullAll}, and end the process: with 0 if the run is complete.
 * @see https://cloud.google.com/run/docs/container-contract#jobs-env-vars
 */
export function pullSource<Stored>(props: PullProps<Stored>) {
  pullAll(props).then(
    (run) => end(0, { severity: 'INFO', message: 'The run is complete.', ...run }),
    (error: unknown) => end(1, { severity: 'ERROR', message: 'The pull has failed. Nothing of it counts.', error: inOneLine(error) }),
  );
}

/** One line of JSON, which Cloud Logging reads with its severity. The sink can have a connection open, which would keep the process. */
function end(code: number, entry: object) {
  console.log(JSON.stringify(entry));
  process.exit(code);
}

/**
 * Pull everything that a source has into a staging table, as one run.
 *
 * A run is complete when its last row is written, of the type `run.completed`, which has the number of items in `rest.rows`. Each try of
 * a task is a run of its own, so a try that fails half-way leaves rows that nobody counts, and the next one starts afresh. All rows of a
 * run have the time of its start, and its name in `message_id`. An item that comes twice is written twice, with another `row_index`.
 */
export async function pullAll<Stored>({ pull, sink, source }: PullProps<Stored>) {
  const name = nameOf(process.env);
  const arrived = new Date();
  const record = { bytes: Buffer.alloc(0), arrived, position: { messageId: name } };
  const event = (id: string, type: string): Event => ({ specversion: '1.0', id, source, type, time: arrived.toISOString() });
  const made = (id: string, type: string, row: Row, index = 0): Made<Stored> => ({
    stored: sink.encode(row, event(id, type), index),
    // BigQuery writes the rows of one record together.
    record: { ...record },
  });
  const write = async (lot: readonly Made<Stored>[]) => {
    const [refusal] = await sink.write({ name, arrived, made: lot });
    if (refusal) throw new Error(`${ids.get(refusal.record) ?? 'the end of the run'}: ${refusal.reason}`);
  };

  const ids = new WeakMap<object, string>();
  const times = new Map<string, number>();
  let lot: Made<Stored>[] = [];
  let rows = 0;
  for await (const { id, row } of pull()) {
    requireId(id, name);
    const before = times.get(id) ?? 0;
    times.set(id, before + 1);
    const one = made(id, 'item.pulled', row, before);
    ids.set(one.record, id);
    lot.push(one);
    rows += 1;
    if (lot.length < LOT) continue;
    await write(lot);
    lot = [];
  }
  await write(lot);
  await write([made(name, 'run.completed', { rows })]);
  return { run: name, rows };
}

/** The name of a run, unique for each try. Tasks that run beside each other would each pull everything. */
function nameOf({ CLOUD_RUN_EXECUTION, CLOUD_RUN_TASK_ATTEMPT, CLOUD_RUN_TASK_COUNT = '1' }: NodeJS.ProcessEnv): string {
  if (CLOUD_RUN_TASK_COUNT !== '1') throw new Error(`a pull must be one task, got ${CLOUD_RUN_TASK_COUNT}`);
  if (!CLOUD_RUN_EXECUTION || !CLOUD_RUN_TASK_ATTEMPT) throw new Error('a pull must run as a job of Cloud Run, which names its executions');
  return `${CLOUD_RUN_EXECUTION}-${CLOUD_RUN_TASK_ATTEMPT}`;
}

/** Refuse an id that no row can have. The last row of a run has the name of the run for its id. */
function requireId(id: string, run: string) {
  if (typeof id === 'string' && id.length > 0 && id.length <= MOST_CHARACTERS && id !== run) return;
  throw new Error(`the id of an item must be a text of 1 to ${MOST_CHARACTERS} characters, and not the name of the run`);
}
