import { GoogleAuth, type gaxios } from 'google-auth-library';

/** Signs requests with the service account of the function, or of the service. */
export const auth = new GoogleAuth({ scopes: 'https://www.googleapis.com/auth/cloud-platform' });

/** The content of a request, and its timeout. */
export interface Content {
  readonly contentType: string;
  readonly body: string | Buffer<ArrayBuffer>;
  /** After how many milliseconds without an answer the request fails. */
  readonly timeout: number;
  /**
   * Further headers.
   * @default - none
   */
  readonly headers?: Readonly<Record<string, string>>;
}

/** An answer that is not a success. */
export class Refused extends Error {
  override readonly name = 'Refused';

  /** @param answer the body of the answer */
  constructor(
    readonly status: number,
    readonly answer: string,
  ) {
    super(`${status}: ${answer}`);
  }
}

/**
 * Send one request to a Google API, with the service account of the function. It is not retried here, because Pub/Sub delivers
 * the event again.
 * @param emulator an emulator on this machine to use instead of Google, without TLS and without a token
 * @param host the host of the API, such as `storage.googleapis.com`
 * @param path the path and query of the request
 * @throws Refused if the answer is not a success
 * @throws Error if there is no answer
 */
export async function post(emulator: string | undefined, host: string, path: string, content: Content): Promise<void> {
  await ask(emulator, host, path, content);
}

/**
 * {@link post}, if the answer matters.
 * @returns the body of the answer
 */
export async function ask(emulator: string | undefined, host: string, path: string, content: Content): Promise<string> {
  const { contentType, body, timeout } = content;
  const headers = { ...content.headers, 'content-type': contentType };
  const url = `https://${host}${path}`;
  return emulator
    ? fetched(fetch(`http://${emulator}${path}`, { method: 'POST', headers, body, signal: AbortSignal.timeout(timeout) }))
    : requested(auth.request<string>({ url, method: 'POST', headers, data: body, timeout, responseType: 'text' }));
}

/** The answer of an emulator. @throws Refused if it is not a success */
async function fetched(request: Promise<Response>): Promise<string> {
  const response = await request;
  const answer = await response.text();
  if (!response.ok) throw new Refused(response.status, answer);
  return answer;
}

/** The answer of Google. @throws Refused if it is not a success */
async function requested(request: Promise<{ readonly data: string }>): Promise<string> {
  try {
    return (await request).data;
  } catch (error) {
    const { response } = error as Partial<gaxios.GaxiosError<string>>;
    throw response ? new Refused(response.status, response.data) : error;
  }
}

/** Whether the API refused a request with this status. Codes of HTTP do not tell: 409 is also a conflict that passes. */
export function hasStatus(error: unknown, status: string): boolean {
  return error instanceof Refused && new RegExp(`"status":\\s*"${status}"`).test(error.answer);
}
