/** A request that is not processed: its status, and the reason in one line, which the device gets. */
export class Denied extends Error {
  override readonly name = 'Denied';

  /** @param retryAfter after how many seconds the device may send it again; nothing if that would not help */
  constructor(
    readonly status: number,
    reason: string,
    readonly retryAfter?: number,
  ) {
    super(reason);
  }
}
