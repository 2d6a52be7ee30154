import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';

/** Remembers which letters a buffer has, until they are deleted: a run that ended in between sends none of them again. */
export class Journal {
  private readonly known: Set<string>;

  /** @param file it need not be there yet */
  constructor(private readonly file: string) {
    this.known = new Set(existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []);
  }

  has(id: string): boolean {
    return this.known.has(id);
  }

  /** The buffer has this letter. It is on disk before this is over. */
  add(id: string) {
    mkdirSync(path.dirname(this.file), { recursive: true });
    appendFileSync(this.file, `${id}\n`);
    this.known.add(id);
  }

  /** Nothing is left that was sent and not deleted. */
  end() {
    rmSync(this.file, { force: true });
  }
}
