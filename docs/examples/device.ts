// docs:start
import { createPrivateKey, sign } from 'node:crypto';

/** A token of a device, for ten minutes. */
export function tokenOf(device: string, audience: string, privateKeyPem: string): string {
  const now = Math.floor(Date.now() / 1000);
  const encoded = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
  const signed = `${encoded({ alg: 'ES256', typ: 'JWT', kid: device })}.${encoded({ aud: audience, iat: now, exp: now + 600 })}`;
  const key = createPrivateKey(privateKeyPem);
  // A JSON Web Token has the two numbers of the signature one after the other, and not as DER.
  return `${signed}.${sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}

/** Sends events, and tells what to do next. Only events that are refused are wrong: keep the others. */
export async function send(url: string, token: string, events: object[]): Promise<'done' | 'again' | 'token' | 'refused'> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(events) }).catch(() => undefined);
  // Wait for the time in Retry-After, or longer and longer without one, and send all of it again.
  if (!response || response.status === 408 || response.status === 429 || response.status >= 500) return 'again';
  // Make another token, by the time in Date, and send all of it again.
  if (response.status === 401) return 'token';
  if (!response.ok) return 'refused';
  const { results }: { results: { accepted: boolean }[] } = JSON.parse(await response.text());
  return results.every(({ accepted }) => accepted) ? 'done' : 'refused';
}
// docs:end
