/** The records that were put and are not finished. */
export class Unsettled {
  private readonly open = new Set<string>();
  /** The records that were finished before `add` was called for them. */
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
