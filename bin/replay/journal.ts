import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/**
 * Remembers which letters a buffer has. A run that ends before it has deleted them, and a letter that comes back although it
 * was deleted, as queues may do: neither is sent twice.
 */
export class Journal {
  private readonly known: Set<string>;

  /** @param file it need not be there yet */
  constructor(private readonly file: string) {
    this.known = new Set(existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []);
  }

  has(id: string): boolean {
    return this.known.has(id);
  }

  /** The buffer has this letter. It is in the file before this is over. */
  add(id: string) {
    mkdirSync(path.dirname(this.file), { recursive: true });
    appendFileSync(this.file, `${id}\n`);
    this.known.add(id);
  }
}
