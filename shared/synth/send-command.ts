/** An event as the contract wants it. */
const EXAMPLE = {
  specversion: '1.0',
  id: '1',
  source: '/plants/7/press',
  type: 'com.example.press.heated',
  time: '2026-01-31T08:30:00Z',
  data: { celsius: 184.5 },
};

/** A request that sends one event. */
interface Request {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The body for an event, from its JSON. */
  body(event: string): string;
}

/**
 * The command that sends an example of an event.
 * @param token the command that prints a token of whoever runs it
 */
export function sendCommand({ url, headers, body }: Request, token: string): string {
  return [
    `curl -i -X POST '${url}'`,
    `-H "Authorization: Bearer $(${token})"`,
    ...Object.entries(headers).map(([name, value]) => `-H '${name}: ${value}'`),
    `-d '${body(JSON.stringify(EXAMPLE))}'`,
  ].join(' ');
}
