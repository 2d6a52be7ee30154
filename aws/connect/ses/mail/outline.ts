const NEWLINE = 0x0a;
const HYPHEN = 0x2d;
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

/**
 * Read a mail in pieces, and keep the start of each of its parts: the headers of all parts with their names, and a few lines of
 * their contents. A mail has up to 40 MB, and to parse one with that much text takes half a minute and gigabytes of memory.
 *
 * Each line that starts with two hyphens can be the start of a part.
 * @see https://datatracker.ietf.org/doc/html/rfc2046#section-5.1.1
 */
export async function outlineOf(mail: AsyncIterable<Uint8Array>, limits: typeof LIMITS = LIMITS): Promise<Outline> {
  const kept: Buffer[] = [];
  let [bytes, left, room] = [0, limits.first, limits.mail];
  let [rest, isInLine, isCut]: [Buffer, boolean, boolean] = [Buffer.alloc(0), false, false];

  const keep = (line: Buffer) => {
    const isBoundary = !isInLine && line[0] === HYPHEN && line[1] === HYPHEN;
    if (isBoundary) left = Math.max(left, limits.part);
    const take = Math.min(line.length, left, room);
    if (isBoundary && take < line.length) isCut = true;
    // A copy, because a view would keep the whole piece in memory.
    if (take > 0) kept.push(Buffer.from(line.subarray(0, take)));
    left -= take;
    room -= take;
    isInLine = line.at(-1) !== NEWLINE;
  };

  for await (const piece of mail) {
    bytes += piece.length;
    const read = Buffer.concat([rest, piece]);
    let start = 0;
    for (let end = read.indexOf(NEWLINE); end >= 0; end = read.indexOf(NEWLINE, start)) {
      keep(read.subarray(start, end + 1));
      start = end + 1;
    }
    rest = read.subarray(start);
    if (rest.length <= limits.part) continue;
    keep(rest);
    rest = Buffer.alloc(0);
  }
  if (rest.length > 0) keep(rest);
  return { mime: Buffer.concat(kept), bytes, isCut };
}
