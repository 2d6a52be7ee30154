/** The records that were put and will be brought again. */
export class Unsettled {
  private readonly open = new Set<string>();
  /** What was settled before whoever put it heard that it was put. */
  private readonly early = new Set<string>();

  get count(): number {
    return this.open.size;
  }

  add(position: string) {
    if (!this.early.delete(position)) this.open.add(position);
  }

  remove(positions: readonly string[]) {
    for (const position of positions) {
      if (!this.open.delete(position)) this.early.add(position);
    }
  }
}
