import { auth, fetched, requested } from './post';

/**
 * Read one resource of a Google API as text, with the service account of the function.
 * @param emulator an emulator on this machine to use instead of Google, without TLS and without a token
 * @param host the host of the API, such as `storage.googleapis.com`
 * @param path the path and query of the request
 * @param timeout after how many milliseconds without an answer the request fails
 * @throws Refused if the answer is not a success
 * @throws Error if there is no answer
 */
export async function get(emulator: string | undefined, host: string, path: string, timeout: number): Promise<string> {
  return emulator
    ? fetched(fetch(`http://${emulator}${path}`, { method: 'GET', signal: AbortSignal.timeout(timeout) }))
    : requested(auth.request<string>({ url: `https://${host}${path}`, method: 'GET', timeout, responseType: 'text' }));
}
