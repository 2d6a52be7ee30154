import type { SourceRecord } from '../../../../shared/runtime/sink';

/** Events that are taken into memory as rows at a time, by their bytes. A text holds half a gigabyte, and escapes take six times as much. */
const SLICE_BYTES = 64 * 1024 * 1024;

/** Cut a batch that is large, always at the same places. */
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

/** Lets one act at a time, in the order in which they asked. */
export class Turns {
  private last: Promise<unknown> = Promise.resolve();

  take<Result>(act: () => Result | Promise<Result>): Promise<Result> {
    const turn = this.last.then(act);
    this.last = turn.catch(() => {});
    return turn;
  }
}
