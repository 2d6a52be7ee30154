import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fitRows } from '../../gcp/runtime/sinks/bigquery/table-row';
import type { Row, Transform } from '../../shared/runtime/event';
import { stringify } from '../../shared/runtime/json';
import { judge } from '../../shared/runtime/verdict';

const ROOT = path.join(__dirname, '../..');
const FOLDER = 'docs/recipes';

/** A transform to take, which works on every cloud. */
export interface TransformRecipe {
  readonly name: string;
  /** The recipe. Its comment says what it is for. */
  readonly file: string;
  /** The file with the transform: the recipe itself, or the one that it exports from. */
  readonly code: string;
  /** The test to take along with it. */
  readonly test: string;
  /** Events to send, a line of JSON for each, and a file for `npm run local -- --events`. */
  readonly events: string;
  readonly transform: Transform;
}

/** Every recipe for all clouds: a transform, in a file that starts with `every`. */
export function findTransforms(): TransformRecipe[] {
  return readdirSync(path.join(ROOT, FOLDER))
    .filter((file) => /^every-.*\.ts$/.test(file))
    .sort()
    .map((found) => {
      const file = `${FOLDER}/${found}`;
      const name = path.basename(found, '.ts');
      const [, from] = /^export \{ transform \} from '(.*)';$/m.exec(readFileSync(path.join(ROOT, file), 'utf8')) ?? [];
      return {
        name,
        file,
        code: from === undefined ? file : `${path.posix.join(FOLDER, from)}.ts`,
        test: `test/docs/recipes/${name}.test.ts`,
        events: `${FOLDER}/${name}.ndjson`,
        transform: (require(path.join(ROOT, file)) as { transform: Transform }).transform,
      };
    });
}

/** The events of a recipe, as they are sent. */
export function eventsOf({ events }: TransformRecipe): string[] {
  if (!existsSync(path.join(ROOT, events))) throw new Error(`${events} is missing: a recipe for every cloud has events to send.`);
  return readFileSync(path.join(ROOT, events), 'utf8').split('\n').slice(0, -1);
}

/** The lines that objects hold of an event, or why it goes to the dead letter. */
export function linesOf(event: string, transform: Transform): readonly string[] {
  return told(judge(Buffer.from(event), transform, stringify));
}

/** A column of BigQuery, as its API spells it. */
export interface ColumnOfApi {
  readonly name: string;
  readonly type: string;
}

/** How the API that writes rows spells types that the API of tables spells otherwise. */
const WRITTEN: Readonly<Record<string, string>> = { INTEGER: 'INT64', FLOAT: 'DOUBLE', BOOLEAN: 'BOOL' };
/** What the handler fills in from the event and its message, and not from the row. */
const PLUMBING = ['event_id', 'event_source', 'event_type', 'event_time', 'message_id', 'publish_time'];

/** What a table holds of an event beside the columns that each event fills, or why it goes to the dead letter. */
export function tableRowsOf(event: string, transform: Transform, schema: readonly ColumnOfApi[]): readonly string[] {
  const made = judge(Buffer.from(event), transform, (row, of, index) => ({ row, event: of, index }));
  if ('reason' in made) return told(made);
  const columns = schema.map(({ name, type }) => ({ name, type: WRITTEN[type] ?? type }));
  try {
    const rows = fitRows(made.rows, { messageId: '1', publishTime: '2026-01-31T08:30:01Z' }, columns);
    return rows.map((row) => JSON.stringify(readable(row, schema)));
  } catch (error) {
    return told({ reason: String(error) });
  }
}

/** A row as a reader sees it: JSON as JSON, and without what each event has. */
export function readable(row: Row, schema: readonly ColumnOfApi[]): Row {
  const isJson = (name: string) => schema.find((column) => column.name === name)?.type === 'JSON';
  const own = Object.entries(row).filter(([name]) => !PLUMBING.includes(name));
  const plain = (value: unknown) => (typeof value === 'bigint' ? Number(value) : value);
  return Object.fromEntries(own.map(([name, value]) => [name, isJson(name) ? JSON.parse(String(value)) : plain(value)]));
}

function told(verdict: { readonly rows: readonly string[] } | { readonly reason: string }): readonly string[] {
  return 'rows' in verdict ? verdict.rows : [`to the dead letter: ${verdict.reason}`];
}
