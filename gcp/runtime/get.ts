import { auth, Refused } from './post';

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
  const { status, body } = await (emulator
    ? fetch(`http://${emulator}${path}`, { method: 'GET', signal: AbortSignal.timeout(timeout) })
    : answered(
        // With a stream, gaxios has no body for an answer that is an error.
        auth.request<Body>({ url: `https://${host}${path}`, method: 'GET', timeout, responseType: 'stream', validateStatus: () => true }),
      ));
  const { text, isWhole } = await textOf(body ?? [], maxBytes);
  if (status < 200 || status > 299) throw new Refused(status, text);
  if (!isWhole) throw new TooLarge(`more than ${maxBytes} bytes`);
  return text;
}

async function answered(request: Promise<{ readonly status: number; readonly data: Body }>) {
  const { status, data } = await request;
  return { status, body: data };
}

/** The start of a body. */
async function textOf(body: Body | Iterable<Uint8Array>, maxBytes: number): Promise<{ text: string; isWhole: boolean }> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    size += chunk.length;
    // The rest is not read.
    if (size > maxBytes) break;
  }
  return { text: Buffer.concat(chunks).toString(), isWhole: size <= maxBytes };
}
