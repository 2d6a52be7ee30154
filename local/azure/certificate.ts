import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';

/** A certificate for loopback, and its key, in PEM. */
export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

/** The kinds of values of ASN.1 that a certificate is made of. */
const KIND = { boolean: 0x01, integer: 0x02, bits: 0x03, octets: 0x04, oid: 0x06, text: 0x0c, time: 0x17, sequence: 0x30, set: 0x31 };
const HOUR = 3_600_000;
/** Names of things, as they are encoded: id-at-commonName, ecdsa-with-SHA256, and two extensions. */
const COMMON_NAME = '550403';
const ECDSA_SHA256 = '2a8648ce3d040302';
const BASIC_CONSTRAINTS = '551d13';
const ALTERNATIVE_NAMES = '551d11';

/**
 * Make a certificate that is good for a day. Whoever shall trust it must be told to.
 * @see https://www.rfc-editor.org/rfc/rfc5280#section-4.1
 */
export function certificate(): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = sequence(oid(ECDSA_SHA256));
  const name = sequence(der(KIND.set, sequence(oid(COMMON_NAME), der(KIND.text, Buffer.from('loopback')))));
  const version = der(0xa0, der(KIND.integer, Buffer.from([2])));
  const serial = der(KIND.integer, Buffer.concat([Buffer.from([1]), randomBytes(8)]));
  const validity = sequence(time(Date.now() - HOUR), time(Date.now() + 24 * HOUR));
  const isAuthority = sequence(
    oid(BASIC_CONSTRAINTS),
    der(KIND.boolean, Buffer.from([0xff])),
    der(KIND.octets, sequence(der(KIND.boolean, Buffer.from([0xff])))),
  );
  // The address 127.0.0.1.
  const names = sequence(oid(ALTERNATIVE_NAMES), der(KIND.octets, sequence(der(0x87, Buffer.from([127, 0, 0, 1])))));
  const extensions = der(0xa3, sequence(isAuthority, names));
  const key = publicKey.export({ type: 'spki', format: 'der' });

  const body = sequence(version, serial, algorithm, name, validity, name, key, extensions);
  const signature = der(KIND.bits, Buffer.concat([Buffer.from([0]), sign('sha256', body, privateKey)]));
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${lines(sequence(body, algorithm, signature))}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

/** A value with its kind and its length before it. */
function der(kind: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([kind, ...size]), content]);
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(KIND.sequence, ...parts);
}

function oid(hex: string): Buffer {
  return der(KIND.oid, Buffer.from(hex, 'hex'));
}

function time(milliseconds: number): Buffer {
  const digits = new Date(milliseconds).toISOString().replace(/\D/g, '').slice(2, 14);
  return der(KIND.time, Buffer.from(`${digits}Z`));
}

function lines(bytes: Buffer): string {
  return bytes
    .toString('base64')
    .match(/.{1,64}/g)!
    .join('\n');
}
