/** An example of a valid event, as JSON. */
export const EXAMPLE_EVENT = JSON.stringify({
  specversion: '1.0',
  id: '1',
  source: '/plants/7/press',
  type: 'com.example.press.heated',
  time: '2026-01-31T08:30:00Z',
  partitionkey: 'press-7',
  data: { celsius: 184.5 },
});

/** A request that sends one event. */
interface Request {
  readonly url: string;
  /** The headers for an event, from its JSON. */
  readonly headers: Readonly<Record<string, string>> | ((event: string) => Readonly<Record<string, string>>);
  /** The body for an event, from its JSON. */
  body(event: string): string;
}

/**
 * A shell command that sends an example event.
 * @param token the command that prints an access token of the current user
 */
export function sendCommand({ url, headers, body }: Request, token: string): string {
  return [
    `curl -i -X POST '${url}'`,
    `-H "Authorization: Bearer $(${token})"`,
    ...Object.entries(typeof headers === 'function' ? headers(EXAMPLE_EVENT) : headers).map(([name, value]) => `-H '${name}: ${value}'`),
    `-d '${body(EXAMPLE_EVENT)}'`,
  ].join(' ');
}
