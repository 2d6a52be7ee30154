/** Writes that are under way at a time. */
const AT_A_TIME = 10;

/** The folder of the hour in which a record arrived, in the form that query engines read as partitions. */
export function hourFolder(arrival: Date): string {
  const [year, month, day, hour] = arrival.toISOString().split(/[-T:]/);
  return `year=${year}/month=${month}/day=${day}/hour=${hour}`;
}

/** Act on each item, some at a time. The first fault stops what has not begun. */
export async function each<Item>(items: readonly Item[], act: (item: Item) => Promise<void>): Promise<void> {
  for (let start = 0; start < items.length; start += AT_A_TIME) await Promise.all(items.slice(start, start + AT_A_TIME).map(act));
}
