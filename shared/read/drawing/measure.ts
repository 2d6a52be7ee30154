/** The widths of letters in DejaVu Sans, in parts of the size of the font. It is the widest font that a reader is likely to have. */
const WIDTHS: readonly (readonly [width: number, letters: string])[] = [
  [0.28, "'ijl"],
  [0.32, 'IJ ,.·\u00a0'],
  [0.34, '/:;\\|'],
  [0.38, 'f-'],
  [0.42, '()[]t!r'],
  [0.5, '"*_`'],
  [0.54, '?sz'],
  [0.6, 'LcFkvxy'],
  [0.64, 'PTYaeo$0123456789ESbdghnpqu{}'],
  [0.7, 'KABCRVXZ'],
  [0.78, 'UHN&DG'],
  [0.84, 'OQw#+<=>^~→'],
];
const WIDTH = new Map(WIDTHS.flatMap(([width, letters]) => [...letters].map((letter) => [letter, width] as const)));
/** How much wider bold letters are. */
const BOLD = 1.16;

/** How wide a text is at most, in the units of its size. */
export function widthOf(text: string, size: number, isBold = false): number {
  const width = [...text].reduce((sum, letter) => sum + (WIDTH.get(letter) ?? 1), 0);
  return width * size * (isBold ? BOLD : 1);
}

/** A space at which no line is broken. */
const GLUE = '\u00a0';

/** Breaks a text into lines that fit: between words, else behind a sign within a word, else anywhere. */
export function wrap(text: string, room: number, size: number, isBold = false): string[] {
  const fits = (line: string) => widthOf(line, size, isBold) <= room;
  const lines: string[] = [];
  for (const word of text.split(' ').filter(Boolean)) {
    const longer = `${lines.at(-1)} ${word}`;
    if (lines.length > 0 && fits(longer)) lines[lines.length - 1] = longer;
    else lines.push(...broken(word, fits));
  }
  return lines.map((line) => line.replaceAll(GLUE, ' '));
}

/** Breaks a list into lines that fit: between its items, and within those alone that are too long for a line. A number stays with its unit. */
export function wrapList(items: readonly string[], room: number, size: number): string[] {
  const glued = items.map((item) => {
    const isShort = widthOf(`${item},`, size) <= room;
    return isShort ? item.replaceAll(' ', GLUE) : item.replace(/(?<=\d) (?=[a-zA-Z]{1,3}\b)/g, GLUE);
  });
  return wrap(glued.join(', '), room, size);
}

function broken(word: string, fits: (line: string) => boolean): string[] {
  if (fits(word)) return [word];
  const parts = word.split(/(?<=[/:_.-])|(?<=[a-z0-9])(?=[A-Z])/);
  const pieces = parts.length > 1 ? parts.flatMap((part) => broken(part, fits)) : [...word];
  const lines: string[] = [];
  for (const piece of pieces) {
    const longer = (lines.at(-1) ?? '') + piece;
    if (lines.length > 0 && fits(longer)) lines[lines.length - 1] = longer;
    else lines.push(piece);
  }
  return lines;
}
