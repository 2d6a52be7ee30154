import { decodeProtectedHeader, jwtVerify } from 'jose';
import { Denied } from './denied';
import { log } from './log';
import type { Registry } from './registry';

/** What tokens are checked against. */
export interface TokenRules {
  /** The `aud` of every token. A token for another gateway is refused. */
  readonly audience: string;
  /** How long a token is valid after its `iat`, whatever its `exp` says. */
  readonly maxSeconds: number;
}

/** The id of a device. It is part of the name of an object and of the `source` of events, so it has no slash. */
const DEVICE = /^[A-Za-z0-9][A-Za-z0-9._~-]{0,127}$/;
/** Longer than any token of a device. */
const MAX_CHARACTERS = 2048;
/** How far the clock of a device may be wrong, in seconds. */
const CLOCK_TOLERANCE = 60;

/** The same for a device that is not registered and for a wrong signature, so that nobody can find out which devices there are. */
const UNKNOWN = 'no registered key of the device verifies the token';

/**
 * The device that signed a token: its id is the `kid` of the token, and its key is in the registry.
 *
 * Only ES256 is accepted. The token cannot choose the key or the algorithm: `jwk`, `jku` and `x5c` in its header are ignored.
 * @throws Denied if the token is missing, malformed or expired, or if no key of the device verifies it
 * @throws Error if the registry cannot be read
 * @see https://www.rfc-editor.org/rfc/rfc8725
 */
export async function deviceOf(authorization: string | undefined, registry: Registry, rules: TokenRules): Promise<string> {
  const [, token] = /^Bearer ([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(authorization ?? '') ?? [];
  if (!token || token.length > MAX_CHARACTERS) throw denied('the header Authorization must be Bearer and a JSON Web Token');
  const device = claimed(token);
  const keys = await registry(device);
  let fault: unknown;
  for (const key of keys) {
    try {
      await jwtVerify(token, key, {
        algorithms: ['ES256'],
        audience: rules.audience,
        clockTolerance: CLOCK_TOLERANCE,
        maxTokenAge: rules.maxSeconds,
        requiredClaims: ['aud', 'exp', 'iat'],
      });
      return device;
    } catch (error) {
      // A claim is checked after the signature: the device is known then, and is told what is wrong.
      if (isOfClaim(error)) fault = error;
    }
  }
  if (!(fault instanceof Error)) throw denied(UNKNOWN);
  log('WARNING', 'A token was refused.', { device, reason: fault.message });
  throw denied(fault.message);
}

/** The id of the device that a token names. Nothing is verified yet. */
function claimed(token: string): string {
  const { alg, kid } = headerOf(token);
  if (alg !== 'ES256') throw denied('the algorithm of the token must be ES256');
  if (typeof kid !== 'string' || !DEVICE.test(kid)) throw denied('the kid of the token must be the id of a device');
  return kid;
}

function headerOf(token: string) {
  try {
    return decodeProtectedHeader(token);
  } catch {
    throw denied('the token cannot be read');
  }
}

function isOfClaim(error: unknown): boolean {
  return (
    error instanceof Error && 'code' in error && (error.code === 'ERR_JWT_EXPIRED' || error.code === 'ERR_JWT_CLAIM_VALIDATION_FAILED')
  );
}

function denied(reason: string): Denied {
  return new Denied(401, `Unauthorized: ${reason}`);
}
