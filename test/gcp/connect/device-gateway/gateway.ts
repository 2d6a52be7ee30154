import { spawn } from 'node:child_process';
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { bundleHandler } from '../../../../shared/synth/handler-package';
import { temporaryFolder } from '../../../support/folder';
import { NOBODY, sealedOnGcp } from '../../../support/handler-processes';
import { type Answer, loopback } from '../../../support/loopback';

export const HANDLER = 'gcp/handlers/device-https-to-pub-sub';
export const AUDIENCE = '//run.googleapis.com/projects/acme-data/locations/europe-west1/services/acme-gateway';
export const TOPIC = 'projects/acme-data/topics/acme-events';
/** What the template tells the gateway. */
export const SETTINGS = {
  EVENTS_TOPIC: TOPIC,
  EVENTS_ENDPOINT: NOBODY,
  EVENTS_ORDERED: 'false',
  REGISTRY_BUCKET: 'acme-devices',
  REGISTRY_PREFIX: 'devices/',
  DEVICE_AUDIENCE: AUDIENCE,
  DEVICE_SOURCE: 'acme-gateway',
  DEVICE_TOKEN_SECONDS: '3600',
  DEVICE_KEY_SECONDS: '0.3',
  DEVICE_OPEN_BYTES: '4194304',
};

/** The key of a device, and how a device makes a token with it. */
export class Device {
  private readonly pair = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  readonly pem = this.pair.publicKey.export({ type: 'spki', format: 'pem' }).toString();
  readonly privatePem = this.pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

  constructor(readonly id: string) {}

  token(claims: object = {}, header: object = {}): string {
    const now = Math.floor(Date.now() / 1000);
    const signed = `${encoded({ alg: 'ES256', typ: 'JWT', kid: this.id, ...header })}.${encoded({ aud: AUDIENCE, iat: now, exp: now + 600, ...claims })}`;
    return `${signed}.${signatureOf(signed, this.pair.privateKey)}`;
  }
}

export const encoded = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
const signatureOf = (text: string, key: KeyObject) =>
  sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url');

/** Stands for a bucket with public keys. Like Google, it denies to read what does not exist. */
export class RegistryStandIn {
  readonly objects = new Map<string, string>();
  readonly asked: string[] = [];
  state: 'up' | 'down' | 'denied' | 'slow' = 'up';
  /** How a missing object is answered. */
  missing = 403;
  host = '';

  async start(): Promise<this> {
    this.host = new URL(await loopback(({ method, url }) => this.answer(`${method} ${url}`))).host;
    return this;
  }

  private async answer(line: string): Promise<Answer> {
    this.asked.push(line);
    if (this.state === 'down') return { status: 503, body: 'no' };
    if (this.state === 'denied') return { status: 403, body: '{"error":{"code":403}}' };
    if (this.state === 'slow') await new Promise((resolve) => setTimeout(resolve, 500));
    if (line.startsWith('GET /storage/v1/b/acme-devices/o?prefix=devices%2F&')) return { status: 200, body: '{"kind":"storage#objects"}' };
    const [, name] = /^GET \/storage\/v1\/b\/acme-devices\/o\/([^?/]+)\?alt=media$/.exec(line) ?? [];
    const found = this.objects.get(decodeURIComponent(name ?? ''));
    return found === undefined ? { status: this.missing, body: '{"error":{"code":403}}' } : { status: 200, body: found };
  }
}

/** Stands for a topic. It keeps what it took, and when it did. */
export class TopicStandIn {
  readonly published: Record<string, any>[] = [];
  /** The same, as it came. */
  texts: string[] = [];
  requests = 0;
  /** Decides what becomes of a request with these events: an answer instead of the own one, or nothing. */
  fate: (events: readonly Record<string, any>[]) => Answer | Promise<Answer | undefined> | undefined = () => undefined;
  host = '';

  async start(): Promise<this> {
    const url = await loopback(async (request, body) => {
      if (`${request.method} ${request.url}` !== `POST /v1/${TOPIC}:publish`) return { status: 404, body: 'no such topic' };
      this.requests++;
      const { messages }: { messages: { data: string }[] } = JSON.parse(body.toString());
      const texts = messages.map(({ data }) => Buffer.from(data, 'base64').toString());
      const events = texts.map((text) => JSON.parse(text));
      const fate = await this.fate(events);
      if (fate) return fate;
      this.published.push(...events);
      this.texts = texts;
      return { status: 200, body: JSON.stringify({ messageIds: events.map((_, index) => String(index)) }) };
    });
    this.host = new URL(url).host;
    return this;
  }
}

/** Tells on which port the server listens. */
const TELLS_PORT = `const { Server } = require('net');
const { listen } = Server.prototype;
Server.prototype.listen = function (...given) {
  this.on('listening', () => console.log('listening on ' + this.address().port));
  return listen.apply(this, given);
};`;

const children: ReturnType<typeof spawn>[] = [];
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
});

/** The answer of the gateway, as a device gets it. */
export interface Received {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
}

let made: string | undefined;

/** The folder of the gateway as it ships. It is bundled once for each file of tests. */
export function gatewayFolder(): string {
  if (made) return made;
  made = temporaryFolder();
  writeFileSync(path.join(made, 'index.js'), bundleHandler(HANDLER).outputFiles[0]!.contents);
  writeFileSync(path.join(made, 'port.js'), TELLS_PORT);
  return made;
}

/** Start the gateway as it ships, in a process of its own, with this environment and no other. */
export async function startGateway(env: Readonly<Record<string, string>>) {
  const folder = gatewayFolder();
  const child = spawn(process.execPath, ['-r', './port.js', 'index.js'], {
    cwd: folder,
    env: { ...sealedOnGcp(folder), PORT: '0', ...env },
  });
  children.push(child);
  const output: Buffer[] = [];
  child.stderr.on('data', (chunk) => output.push(chunk));
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  const port = await new Promise<number | undefined>((resolve) => {
    child.stdout.on('data', (chunk) => {
      output.push(chunk);
      const [, found] = /listening on (\d+)/.exec(String(chunk)) ?? [];
      if (found) resolve(Number(found));
    });
    void ended.then(() => resolve(undefined));
  });
  const url = `http://127.0.0.1:${port}/events`;
  const send = async (body: unknown, token?: string, init: RequestInit = {}): Promise<Received> => {
    const headers = { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}), ...init.headers };
    const text = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
    const response = await fetch(url, { method: 'POST', body: text as never, ...init, headers });
    return { status: response.status, text: await response.text(), headers: response.headers };
  };
  return { port, url, send, child, ended, output: () => Buffer.concat(output).toString() };
}

/** The gateway with a registry and a topic on this machine. */
export async function startAll(env: Readonly<Record<string, string>> = {}) {
  const [registry, topic] = await Promise.all([new RegistryStandIn().start(), new TopicStandIn().start()]);
  const emulators = { PUBSUB_EMULATOR_HOST: topic.host, STORAGE_EMULATOR_HOST: `http://${registry.host}` };
  return { registry, topic, ...(await startGateway({ ...SETTINGS, ...emulators, ...env })) };
}

export const event = (id: string, more: object = {}) => ({
  specversion: '1.0',
  id,
  type: 'com.example.press.heated',
  time: '2026-01-31T08:30:00Z',
  ...more,
});
