/** One line: how many times as much ours takes as the other, from pairs that were measured next to each other. */
export function compare(what: string, pairs: readonly (readonly [ours: number, base: number])[], unit: (value: number) => string) {
  const [ours, base] = [median(pairs.map(([a]) => a)), median(pairs.map(([, b]) => b))];
  const ratio = median(pairs.map(([a, b]) => a / b));
  row(what, `${ratio.toFixed(2)}x   (${unit(ours)} / ${unit(base)}, median of ${pairs.length} pairs)`);
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

export function row(what: string, figure: string) {
  console.log(`${what.padEnd(64)} ${figure}`);
}
