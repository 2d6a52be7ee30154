/**
 * Collects the events of one partition into batches. The host waits until a batch has the minimum size, but not longer than the
 * maximum wait time, and not at all for the first batch.
 * @see https://learn.microsoft.com/azure/azure-functions/functions-bindings-event-hubs#hostjson-settings
 */
export class Batches<Event> {
  private held: Event[] = [];
  private heldSince = 0;
  private isFirst = true;

  constructor(
    private readonly size: { readonly min: number; readonly max: number },
    /** How long events wait for others, in milliseconds. */
    private readonly maxWaitTime: number,
    /** The maximum size of the first batch. */
    private readonly first = size.max,
  ) {}

  /** Add events, and return each batch that is due. */
  *take(events: readonly Event[], now: number): Generator<Event[]> {
    if (this.held.length === 0) this.heldSince = now;
    this.held.push(...events);
    while (this.isDue(now)) {
      const size = this.isFirst ? this.first : this.size.max;
      this.isFirst = false;
      yield this.held.splice(0, size);
      this.heldSince = now;
    }
  }

  private isDue(now: number): boolean {
    if (this.held.length === 0) return false;
    return this.held.length >= this.size.min || this.isFirst || now - this.heldSince >= this.maxWaitTime;
  }
}
