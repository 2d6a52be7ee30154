import type { Event, Row } from './event';

/**
 * The one function that is yours to rewrite: what to store of an event. As it stands, the event itself.
 *
 * Return one row, several, or `undefined` to store nothing. Throw a `PermanentError` for an event that can never work:
 * it goes to the dead letter at once, with your message. Keep the function pure, because a retry runs it again.
 */
export function transform(event: Event): Row | readonly Row[] | undefined {
  return event;
}
