/**
 * Combine the ids of many messages into few requests: those that come while a request is open go into the next one.
 * @param send one request. It fails for all of its ids
 */
export function combined(send: (ids: readonly string[]) => Promise<void>): (id: string) => Promise<void> {
  let last: Promise<void> = Promise.resolve();
  let next: { readonly ids: string[]; readonly sent: Promise<void> } | undefined;
  return (id) => {
    if (!next) {
      const ids: string[] = [];
      const sent = last.then(() => {
        next = undefined;
        return send(ids);
      });
      last = sent.catch(() => {});
      next = { ids, sent };
    }
    next.ids.push(id);
    return next.sent;
  };
}
