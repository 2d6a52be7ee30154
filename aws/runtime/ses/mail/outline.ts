const KIB = 1024;

/** How much is kept of the headers and the first part, of each other part, and of the whole mail, in bytes. */
const LIMITS = { first: 256 * KIB, part: 16 * KIB, mail: 4096 * KIB };

/** A mail without most of its contents. */
export interface Outline {
  readonly mime: Buffer;
  /** The size of the whole mail. */
  readonly bytes: number;
  /** Whether the mail has more parts than the outline. */
  readonly isCut: boolean;
}

/** The start of a line that can be the start of a part. */
const BOUNDARY = '\n--';
const NEWLINE = 0x0a;

/**
 * Read a mail in pieces, and keep the start of each of its parts: the headers of all parts with their names, and a few lines of
 * their contents. A mail has up to 40 MB, and to parse one with that much text takes half a minute and gigabytes of memory.
 *
 * Each line that starts with two hyphens can be the start of a part.
 * @see https://datatracker.ietf.org/doc/html/rfc2046#section-5.1.1
 */
export async function outlineOf(mail: AsyncIterable<Uint8Array>, limits: typeof LIMITS = LIMITS): Promise<Outline> {
  const mime = Buffer.alloc(limits.mail);
  let [bytes, used, left, isCut] = [0, 0, limits.first, false];
  let rest = Buffer.alloc(0);

  const keep = (text: Buffer) => {
    used += text.copy(mime, used, 0, Math.min(text.length, left));
    left = Math.max(0, left - text.length);
  };

  for await (const piece of mail) {
    bytes += piece.length;
    const read = Buffer.concat([rest, piece]);
    let at = 0;
    for (let found = read.indexOf(BOUNDARY); found >= 0 && !isCut; found = read.indexOf(BOUNDARY, at)) {
      keep(read.subarray(at, found + 1));
      at = found + 1;
      if (used >= limits.mail - 1) isCut = true;
      // The line break before the part is missing if the part before it was cut.
      else if (mime[used - 1] !== NEWLINE) mime[used++] = NEWLINE;
      left = Math.max(left, limits.part);
    }
    // The last characters can be the start of a line that starts with two hyphens.
    const end = Math.max(at, read.length - BOUNDARY.length + 1);
    if (!isCut) keep(read.subarray(at, end));
    rest = read.subarray(end);
  }
  if (!isCut) keep(rest);
  return { mime: mime.subarray(0, used), bytes, isCut };
}
