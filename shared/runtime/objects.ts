/** The number of concurrent writes. */
const AT_A_TIME = 10;

/** The folder for the hour of arrival of a record, in the Hive partition format that query engines read. */
export function hourFolder(arrival: Date): string {
  const [year, month, day, hour] = arrival.toISOString().split(/[-T:]/);
  return `year=${year}/month=${month}/day=${day}/hour=${hour}`;
}

/** Process each item, several at a time. After the first error, no further items are started. */
export async function each<Item>(items: readonly Item[], act: (item: Item) => Promise<void>): Promise<void> {
  for (let start = 0; start < items.length; start += AT_A_TIME) await Promise.all(items.slice(start, start + AT_A_TIME).map(act));
}
