import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/**
 * Records which dead letters were sent. They are not sent again if a run stops before it has deleted them, or if a queue delivers
 * a deleted message again.
 */
export class Journal {
  private readonly known: Set<string>;

  /** @param file created if it does not exist */
  constructor(private readonly file: string) {
    this.known = new Set(existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []);
  }

  has(id: string): boolean {
    return this.known.has(id);
  }

  /** Record that a dead letter was sent. It is in the file when this function returns. */
  add(id: string) {
    mkdirSync(path.dirname(this.file), { recursive: true });
    appendFileSync(this.file, `${id}\n`);
    this.known.add(id);
  }
}
