/**
 * Events of one partition on their way into batches. The host waits for a batch of the smallest size, but not for longer
 * than it may, and not at all for the first one.
 * @see https://learn.microsoft.com/azure/azure-functions/functions-bindings-event-hubs#hostjson-settings
 */
export class Batches<Event> {
  private held: Event[] = [];
  private heldSince = 0;
  private isFirst = true;

  constructor(
    private readonly size: { readonly min: number; readonly max: number },
    /** How long events wait for others, in milliseconds. */
    private readonly patience: number,
    /** How many events the first batch takes. */
    private readonly first = size.max,
  ) {}

  /** Take events in, and hand out each batch that is due. */
  *take(events: readonly Event[], now: number): Generator<Event[]> {
    if (this.held.length === 0) this.heldSince = now;
    this.held.push(...events);
    while (this.isDue(now)) {
      const most = this.isFirst ? this.first : this.size.max;
      this.isFirst = false;
      yield this.held.splice(0, most);
      this.heldSince = now;
    }
  }

  private isDue(now: number): boolean {
    if (this.held.length === 0) return false;
    return this.held.length >= this.size.min || this.isFirst || now - this.heldSince >= this.patience;
  }
}
