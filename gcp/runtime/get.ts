import { auth, Refused, requested } from './post';

/** The body of an answer, as it arrives. */
type Body = AsyncIterable<Uint8Array>;

/** An answer that is larger than it may be. */
export class TooLarge extends Error {
  override readonly name = 'TooLarge';
}

/**
 * Read one resource of a Google API as text, with the service account of the function.
 * @param emulator an emulator on this machine to use instead of Google, without TLS and without a token
 * @param host the host of the API, such as `storage.googleapis.com`
 * @param path the path and query of the request
 * @param timeout after how many milliseconds without an answer the request fails
 * @param maxBytes the largest answer, after it was decompressed. The rest of a larger one is not read
 * @throws Refused if the answer is not a success
 * @throws TooLarge if the answer is larger
 * @throws Error if there is no answer
 */
export async function get(emulator: string | undefined, host: string, path: string, timeout: number, maxBytes: number): Promise<string> {
  const body = emulator
    ? fetched(fetch(`http://${emulator}${path}`, { method: 'GET', signal: AbortSignal.timeout(timeout) }))
    : requested(auth.request<Body>({ url: `https://${host}${path}`, method: 'GET', timeout, responseType: 'stream' }));
  return textOf(await body, maxBytes);
}

/** The answer of an emulator. @throws Refused if it is not a success */
async function fetched(request: Promise<Response>): Promise<Body> {
  const response = await request;
  if (!response.ok || !response.body) throw new Refused(response.status, await response.text());
  return response.body;
}

async function textOf(body: Body, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > maxBytes) throw new TooLarge(`more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
