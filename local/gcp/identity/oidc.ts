import { createSign, createVerify, generateKeyPairSync } from 'node:crypto';

/** What a token says about its bearer. */
interface Claims {
  readonly aud: string;
  readonly email: string;
}

/** Makes and reads the tokens by which services of Google call a function, signed by a key that nobody else has. */
export class TokenIssuer {
  private readonly keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
  private readonly tokens = new Map<string, string>();

  /** A token for an audience, in the name of a service account. It is used again, as Pub/Sub does. */
  token(email: string, audience: string): string {
    const key = JSON.stringify([email, audience]);
    const token = this.tokens.get(key) ?? this.sign({ aud: audience, email });
    this.tokens.set(key, token);
    return token;
  }

  /** What a token says; nothing when it is not one of these. */
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
