/** A piece of a way that runs between columns or between rows. */
export interface Segment {
  readonly kind: 'gutter' | 'lane';
  /** Which gutter, or which lane: the one before the column or the row of that number. */
  readonly at: number;
  /** Segments of one key run together. */
  readonly key: string;
  /** From where to where: 2n is a lane or a gutter, 2n + 1 a row or a column. */
  readonly from: number;
  readonly to: number;
}

/** How far tracks are apart. */
export const TRACK = 12;

/** Which track of its gutter or lane each segment runs on. */
export interface Tracks {
  track(segment: Segment): number;
  count(kind: Segment['kind'], at: number): number;
}

/** Gives each segment a track of its own, so that no two that meet run over each other. */
export function tracksOf(segments: readonly Segment[]): Tracks {
  const places = new Map<string, number>();
  const counts = new Map<string, number>();
  const groupOf = ({ kind, at }: Segment) => `${kind} ${at}`;
  for (const group of new Set(segments.map(groupOf))) {
    const all = segments.filter((segment) => groupOf(segment) === group);
    const taken: [number, number][][] = [];
    for (const [key, [low, high]] of together(all)) {
      const isFree = (track: [number, number][]) => track.every(([from, to]) => high < from || to < low);
      const found = taken.findIndex(isFree);
      const track = found < 0 ? taken.push([]) - 1 : found;
      taken[track]!.push([low, high]);
      places.set(key, track);
    }
    counts.set(group, taken.length);
  }
  return {
    track: ({ key }) => places.get(key)!,
    count: (kind, at) => counts.get(`${kind} ${at}`) ?? 0,
  };
}

/** What each key reaches over: first those that lead on, the longest first, then those that lead back. So ways that fan out do not cross. */
function together(segments: readonly Segment[]): [string, [number, number]][] {
  const rank = ({ from, to }: Segment) => (to >= from ? -1000 + from - to : from - to);
  const found = new Map<string, [number, number]>();
  for (const { key, from, to } of [...segments].sort((a, b) => rank(a) - rank(b))) {
    const [low, high] = found.get(key) ?? [from, to];
    found.set(key, [Math.min(low, from, to), Math.max(high, from, to)]);
  }
  return [...found];
}
