import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { type Loopback, serve } from '../../loopback';

/** The claims of a token: its audience, and the identity that uses it. */
export interface Claims {
  readonly aud: string;
  readonly appid: string;
}

/** Microsoft Entra ID, as far as it is emulated: tokens in the usual format, which are valid in this run only. */
export class Tokens {
  private readonly key = randomBytes(32);

  /** A token that is valid for an hour. */
  issue({ aud, appid }: Claims): { readonly token: string; readonly expiresOn: Date } {
    const now = Math.floor(Date.now() / 1000);
    // Azurite checks the issuer and the times.
    const claims = { aud, appid, iss: 'https://sts.windows.net/local/', iat: now, nbf: now - 60, exp: now + 3600 };
    const body = [{ alg: 'HS256', typ: 'JWT' }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
    return { token: `${body}.${this.sign(body).toString('base64url')}`, expiresOn: new Date(claims.exp * 1000) };
  }

  /** The claims of a token, if it was issued here. */
  read(token: string): Claims | undefined {
    const [head, claims, signature] = token.split('.');
    const signed = this.sign(`${head}.${claims}`);
    const given = Buffer.from(signature ?? '', 'base64url');
    if (given.length !== signed.length || !timingSafeEqual(given, signed)) return undefined;
    return JSON.parse(Buffer.from(claims!, 'base64url').toString()) as Claims;
  }

  private sign(text: string): Buffer {
    return createHmac('sha256', this.key).update(text).digest();
  }
}

/** The identity endpoint of an app, which returns tokens only of the identities of the app. */
export class IdentityEndpoint {
  /** The secret that the app must send, so that other processes on this machine get no tokens. */
  readonly secret = randomBytes(16).toString('hex');

  private constructor(
    private readonly tokens: Tokens,
    private readonly clientIds: readonly string[],
  ) {}

  /**
   * Listen on loopback, as App Service does.
   * @see https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference
   */
  static async start(
    tokens: Tokens,
    clientIds: readonly string[],
  ): Promise<IdentityEndpoint & { readonly url: string; close(): Promise<void> }> {
    const endpoint = new IdentityEndpoint(tokens, clientIds);
    const server: Loopback = await serve((request) => {
      const { searchParams } = new URL(request.url ?? '/', 'http://endpoint');
      return json(...endpoint.answer(request.headers['x-identity-header'], searchParams));
    });
    return Object.assign(endpoint, { url: `http://${server.host}/msi/token`, close: server.close });
  }

  /** The token of an identity of the app. */
  tokenOf(clientId: string, resource: string) {
    if (!this.clientIds.includes(clientId)) throw new Error(`the app has no identity with the client id ${clientId}`);
    return this.tokens.issue({ aud: resource, appid: clientId });
  }

  private answer(secret: unknown, query: URLSearchParams): [number, unknown] {
    if (secret !== this.secret) return [401, { statusCode: 401, message: 'The header X-IDENTITY-HEADER is wrong.' }];
    const clientId = query.get('client_id') ?? '';
    const resource = query.get('resource') ?? '';
    // Without a client id, Azure uses the system-assigned identity. The app has none.
    if (!this.clientIds.includes(clientId))
      return [400, { statusCode: 400, message: `No managed identity found for client id ${clientId}.` }];
    const { token, expiresOn } = this.tokenOf(clientId, resource);
    return [
      200,
      { access_token: token, expires_on: String(expiresOn.getTime() / 1000), resource, token_type: 'Bearer', client_id: clientId },
    ];
  }
}

function json(status: number, body: unknown) {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}
