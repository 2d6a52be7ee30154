import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';

/**
 * Prints the result of a query on a store, one row of JSON in each line. It reads a copy, because a running local run locks
 * the file. The file itself changes only when the run ends. Until then, DuckDB appends to the log beside it.
 */
async function main(store: string, query: string) {
  const folder = mkdtempSync(path.join(tmpdir(), 'query-'));
  try {
    const copy = path.join(folder, path.basename(store));
    for (const end of ['', '.wal']) if (existsSync(store + end)) copyFileSync(store + end, copy + end);
    const connection = await (await DuckDBInstance.create(copy)).connect();
    const reader = await connection.runAndReadAll(query);
    for (const row of reader.getRowObjectsJson()) console.log(JSON.stringify(row));
    connection.closeSync();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const [store, query] = process.argv.slice(2);
if (store && query) {
  main(store, query).catch((error: Error) => {
    console.error(error.message.split('\n')[0]);
    process.exitCode = 1;
  });
} else console.error("Usage: node --import tsx local/gcp/bigquery/query.ts FILE 'SELECT ...'");
