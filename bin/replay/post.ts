import { setTimeout as sleep } from 'node:timers/promises';

const TRIES = 5;
const PATIENCE_MS = 30_000;

export function pause(milliseconds: number): Promise<void> {
  return sleep(milliseconds);
}

/**
 * Send a POST request, with retries while the service is busy or cannot be reached.
 * @returns the response
 * @throws Error with the response if the service refuses the request
 */
export async function post(url: string, headers: Readonly<Record<string, string>>, body: string | Buffer): Promise<string> {
  for (let tries = 1; ; tries += 1) {
    const answer = await fetch(url, {
      method: 'POST',
      headers,
      body: typeof body === 'string' ? body : new Uint8Array(body),
      signal: AbortSignal.timeout(PATIENCE_MS),
    }).catch((error: Error) => error);
    const text = answer instanceof Error ? '' : await answer.text();
    if (!(answer instanceof Error) && answer.ok) return text;
    const mayPass = answer instanceof Error || answer.status === 429 || answer.status >= 500;
    if (!mayPass || tries === TRIES) throw new Error(answer instanceof Error ? why(answer) : `${answer.status} ${text.slice(0, 200)}`);
    await pause(2 ** tries * 100);
  }
}

function why({ message, cause }: Error): string {
  return cause instanceof Error ? `${message}: ${cause.message}` : message;
}
