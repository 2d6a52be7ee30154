/** A task for a message. It says whether the message is at its end: otherwise it must be delivered again. */
type Task = () => Promise<boolean>;

/** Runs the task of a message when it is its turn. */
type Turn = (task: Task) => Promise<boolean>;

/**
 * The lines of messages with the same ordering key: their tasks run one after the other, and those of different keys, or without a key,
 * at once. If one says that its message must be delivered again, the tasks behind it do not run: Pub/Sub delivers their messages again
 * too, after that one.
 * @returns a function that takes the next place in the line of a key
 * @see https://cloud.google.com/pubsub/docs/ordering
 */
export function lines(): (key: string | undefined) => Turn {
  const last = new Map<string, Promise<boolean>>();
  return (key) => {
    if (!key) return (task) => task();
    const before = last.get(key);
    let leave = (_isDone: boolean) => {};
    const own = new Promise<boolean>((resolve) => (leave = resolve));
    last.set(key, own);
    return async (task) => {
      let isDone = false;
      try {
        isDone = (await (before ?? true)) && (await task());
        return isDone;
      } finally {
        leave(isDone);
        if (last.get(key) === own) last.delete(key);
      }
    };
  };
}
