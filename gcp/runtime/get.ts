import type { gaxios } from 'google-auth-library';
import { auth, Refused } from './post';

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
  if (emulator) {
    const response = await fetch(`http://${emulator}${path}`, { method: 'GET', signal: AbortSignal.timeout(timeout) });
    const body = await response.text();
    if (!response.ok) throw new Refused(response.status, body);
    return body;
  }
  try {
    const { data } = await auth.request<string>({ url: `https://${host}${path}`, method: 'GET', responseType: 'text', timeout });
    return data;
  } catch (error) {
    const { response } = error as Partial<gaxios.GaxiosError>;
    throw response ? new Refused(response.status, JSON.stringify(response.data)) : error;
  }
}
