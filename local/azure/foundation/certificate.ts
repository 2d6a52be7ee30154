import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { md, pki } from 'node-forge';

/** A certificate for loopback, and its key, in PEM. */
export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

const HOUR = 3_600_000;

/** The clock of the machine, which TLS uses to check a certificate. A test may have changed `Date`. */
const now = () => performance.timeOrigin + performance.now();

/** Create a self-signed certificate that is valid for a day. */
export function certificate(): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const made = pki.createCertificate();
  made.publicKey = pki.publicKeyFromPem(publicKey);
  made.serialNumber = `01${randomBytes(8).toString('hex')}`;
  made.validity.notBefore = new Date(now() - HOUR);
  made.validity.notAfter = new Date(now() + 24 * HOUR);
  const name = [{ name: 'commonName', value: 'loopback' }];
  made.setSubject(name);
  made.setIssuer(name);
  made.setExtensions([
    { name: 'basicConstraints', cA: true, critical: true },
    { name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] },
  ]);
  made.sign(pki.privateKeyFromPem(privateKey), md.sha256.create());
  return { cert: pki.certificateToPem(made), key: privateKey };
}

/** A certificate, and the files that it is in. */
export interface CertificateFiles extends Certificate {
  readonly files: { readonly cert: string; readonly key: string };
}

/** Create a certificate, and write it into a folder. */
export function certificateIn(folder: string): CertificateFiles {
  const made = certificate();
  const files = { cert: path.join(folder, 'loopback.pem'), key: path.join(folder, 'loopback.key') };
  writeFileSync(files.cert, made.cert);
  writeFileSync(files.key, made.key, { mode: 0o600 });
  return { ...made, files };
}
