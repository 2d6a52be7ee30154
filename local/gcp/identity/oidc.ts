import { createSign, createVerify, generateKeyPairSync } from 'node:crypto';

/** The claims of a token. */
interface Claims {
  readonly aud: string;
  readonly email: string;
}

/** Creates and verifies the tokens with which Google services call a function. The key exists in this run only. */
export class TokenIssuer {
  private readonly keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
  private readonly tokens = new Map<string, string>();

  /** A token of a service account for an audience. It is reused, as by Pub/Sub. */
  token(email: string, audience: string): string {
    const key = JSON.stringify([email, audience]);
    const token = this.tokens.get(key) ?? this.sign({ aud: audience, email });
    this.tokens.set(key, token);
    return token;
  }

  /** The claims of a token, or undefined if it was not issued here. */
  read(token: string): Claims | undefined {
    const [head, claims, signature] = token.split('.');
    if (!head || !claims || !signature) return undefined;
    const verified = createVerify('RSA-SHA256').update(`${head}.${claims}`).verify(this.keys.publicKey, signature, 'base64url');
    return verified ? JSON.parse(Buffer.from(claims, 'base64url').toString()) : undefined;
  }

  private sign({ aud, email }: Claims): string {
    const now = Math.floor(Date.now() / 1000);
    const claims = {
      aud,
      email,
      azp: email,
      sub: email,
      email_verified: true,
      iat: now,
      exp: now + 3600,
      iss: 'https://accounts.google.com',
    };
    const text = [{ alg: 'RS256', typ: 'JWT' }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
    return `${text}.${createSign('RSA-SHA256').update(text).sign(this.keys.privateKey, 'base64url')}`;
  }
}
