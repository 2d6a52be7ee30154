import type { Event, Row } from './event';

/**
 * Decides what is stored of an event. Rewrite this function for your data. As shipped, it stores the event itself.
 *
 * Return one row, several rows, or `undefined` to drop the event. Throw a `PermanentError` for an event that can never be
 * processed: it goes to the dead letter at once, with your message. Keep the function pure, because a retry runs it again.
 */
export function transform(event: Event): Row | readonly Row[] | undefined {
  return event;
}
