import type { SourceRecord } from '../../../../shared/runtime/sink';

/** How many bytes of events are held in memory as rows at the same time. A string has at most half a gigabyte, and escapes can need six times the bytes. */
const SLICE_BYTES = 64 * 1024 * 1024;

/** Split a large batch, always at the same records. */
export function slicesOf(records: readonly SourceRecord[], bytes = SLICE_BYTES): SourceRecord[][] {
  const slices: SourceRecord[][] = [];
  let room = 0;
  for (const record of records) {
    room -= record.bytes.length;
    if (room < 0 || slices.length === 0) {
      slices.push([]);
      room = bytes - record.bytes.length;
    }
    slices.at(-1)!.push(record);
  }
  return slices;
}

/** Runs one task at a time, in the order of the calls. */
export class Mutex {
  private last: Promise<unknown> = Promise.resolve();

  run<Result>(task: () => Result | Promise<Result>): Promise<Result> {
    const result = this.last.then(task);
    this.last = result.catch(() => {});
    return result;
  }
}
