import { GoogleAuth, type gaxios } from 'google-auth-library';

const auth = new GoogleAuth({ scopes: 'https://www.googleapis.com/auth/cloud-platform' });

/** What a request carries. */
export interface Content {
  readonly contentType: string;
  readonly body: string | Buffer<ArrayBuffer>;
  /** How many milliseconds it may go unanswered before it counts as failed. */
  readonly timeout: number;
}

/** Says that an answer came, and that it is no success. */
export class Refused extends Error {
  override readonly name = 'Refused';

  /** @param answer what the answer says */
  constructor(
    readonly status: number,
    readonly answer: string,
  ) {
    super(`${status}: ${answer}`);
  }
}

/**
 * Send one request to an API of Google, as the account that the function runs as. It is tried once: whoever brought the
 * event brings it again.
 * @param emulator what answers in place of Google, on this very machine: without TLS and without a token
 * @param host where Google answers, such as `storage.googleapis.com`
 * @param path what follows the host
 * @throws Refused when the answer is no success
 * @throws Error when there is none
 */
export async function post(emulator: string | undefined, host: string, path: string, content: Content): Promise<void> {
  const { contentType, body, timeout } = content;
  const headers = { 'content-type': contentType };
  if (emulator) {
    const response = await fetch(`http://${emulator}${path}`, { method: 'POST', headers, body, signal: AbortSignal.timeout(timeout) });
    if (!response.ok) throw new Refused(response.status, await response.text());
  } else {
    try {
      await auth.request({ url: `https://${host}${path}`, method: 'POST', headers, data: body, timeout });
    } catch (error) {
      const { response } = error as Partial<gaxios.GaxiosError>;
      throw response ? new Refused(response.status, JSON.stringify(response.data)) : error;
    }
  }
}
