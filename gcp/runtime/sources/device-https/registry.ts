import { createPublicKey, type KeyObject } from 'node:crypto';
import { setting } from '../../../../shared/runtime/setting';
import { inOneLine } from '../../../../shared/runtime/verdict';
import { get, TooLarge } from '../../get';
import { emulatorOf } from '../../loopback';
import { Refused } from '../../post';
import { log } from './log';

/** Finds the public keys of a device: none if the device is not registered. */
export type Registry = (device: string) => Promise<readonly KeyObject[]>;

const PEM = /-----BEGIN PUBLIC KEY-----[\s\S]*?-----END PUBLIC KEY-----/g;
/** More keys than a rotation needs. */
const MAX_KEYS = 4;
/** The largest object. Whoever may only register devices must not fill the memory of an instance. */
const MAX_OBJECT_BYTES = 16_384;
/**
 * How many requests to the registry may be open, and how many of them for devices that had no key before. Anybody can cause one of
 * these, with a token that is not signed by a device.
 */
const [MAX_OPEN, MAX_OPEN_UNKNOWN] = [50, 40];
/** For how long it is taken as certain that the registry can be read, in milliseconds at most. */
const MAX_READABLE = 60_000;

/** What was found of a device, and until when it is used, in milliseconds. */
interface Kept {
  readonly keys: readonly KeyObject[];
  readonly until: number;
}

/** The registry has as many open requests as it may. */
export class RegistryBusy extends Error {
  override readonly name = 'RegistryBusy';
}

/**
 * A registry of devices in Cloud Storage: the object `DEVICE.pem` below the prefix has the public keys of a device, up to four.
 * What was found is kept for a while, also that a device is not registered. If the registry cannot be read, a device whose keys are
 * no longer kept is not accepted.
 * @param name the start of the environment variables of the store: `REGISTRY` reads `REGISTRY_BUCKET` and `REGISTRY_PREFIX`
 * @param keepSeconds how long keys are kept: so long is a device accepted after its object was deleted
 * @param timeout after how many milliseconds without an answer a request fails
 * @param maxKept how many devices are kept in memory, with keys and as many without
 * @see https://cloud.google.com/storage/docs/json_api/v1/objects/get
 */
export function deviceRegistry(name: string, keepSeconds: number, timeout = 5_000, maxKept = 10_000): Registry {
  const objects = `/storage/v1/b/${setting(`${name}_BUCKET`)}/o`;
  const prefix = setting(`${name}_PREFIX`);
  const emulator = emulatorOf('STORAGE_EMULATOR_HOST', process.env.STORAGE_EMULATOR_HOST?.replace(/^http:\/\//, ''));
  const asked = new Map<string, Promise<readonly KeyObject[]>>();
  // Apart, so that tokens with made-up names push out no device.
  const [known, unknown] = [new Map<string, Kept>(), new Map<string, Kept>()];
  let readableUntil = 0;

  const read = async (device: string): Promise<readonly KeyObject[]> => {
    try {
      const path = `${objects}/${encodeURIComponent(`${prefix}${device}.pem`)}?alt=media`;
      return keysOf(device, await get(emulator, 'storage.googleapis.com', path, timeout, MAX_OBJECT_BYTES));
    } catch (error) {
      if (error instanceof TooLarge) {
        log('ERROR', `The registry has an object of more than ${MAX_OBJECT_BYTES} bytes.`, { device });
        return [];
      }
      if (error instanceof Refused && (error.status === 404 || (isDenied(error) && (await isReadable())))) return [];
      throw error;
    }
  };

  /** Google denies to read what does not exist. Whoever may list the registry may read it too. */
  const isReadable = async (): Promise<boolean> => {
    if (Date.now() < readableUntil) return true;
    const path = `${objects}?prefix=${encodeURIComponent(prefix)}&maxResults=1&fields=kind`;
    await get(emulator, 'storage.googleapis.com', path, timeout, MAX_OBJECT_BYTES);
    readableUntil = Date.now() + Math.min(keepSeconds * 1000, MAX_READABLE);
    return true;
  };

  const find = async (device: string): Promise<readonly KeyObject[]> => {
    const until = Date.now() + keepSeconds * 1000;
    const keys = await read(device);
    known.delete(device);
    unknown.delete(device);
    const kept = keys.length > 0 ? known : unknown;
    const [oldest] = kept.keys();
    if (kept.size >= maxKept) kept.delete(oldest!);
    kept.set(device, { keys, until });
    return keys;
  };

  return async (device) => {
    const found = known.get(device) ?? unknown.get(device);
    if (found && Date.now() < found.until) return found.keys;
    const same = asked.get(device);
    if (same) return same;
    if (asked.size >= (known.has(device) ? MAX_OPEN : MAX_OPEN_UNKNOWN)) throw new RegistryBusy(`${asked.size} requests are open`);
    // A fault is not kept: the next request of the device tries again.
    const keys = find(device).finally(() => asked.delete(device));
    asked.set(device, keys);
    return keys;
  };
}

/** Not what Google answers if it may not use the key that the bucket is encrypted with. */
function isDenied({ status, answer }: Refused): boolean {
  return status === 403 && !/cloud ?kms/i.test(answer);
}

/** The public keys in an object. An object with a private key has none: whoever may read it can sign in as the device. */
function keysOf(device: string, text: string): KeyObject[] {
  if (text.includes('PRIVATE KEY')) {
    log('ERROR', 'The registry has a private key. Delete it, and register another key.', { device });
    return [];
  }
  const pems = text.match(PEM) ?? [];
  // An empty object is how a device is disabled for good.
  if (pems.length === 0 && text.trim() !== '') log('ERROR', 'The registry has an object without a public key.', { device });
  if (pems.length > MAX_KEYS) log('ERROR', `The registry has more than ${MAX_KEYS} keys. The first ${MAX_KEYS} are used.`, { device });
  const keys: KeyObject[] = [];
  for (const pem of pems.slice(0, MAX_KEYS)) {
    try {
      const key = createPublicKey(pem);
      if (key.asymmetricKeyDetails?.namedCurve === 'prime256v1') keys.push(key);
      else log('ERROR', 'The registry has a key that is not of the curve P-256.', { device });
    } catch (error) {
      log('ERROR', 'The registry has a key that cannot be read.', { device, error: inOneLine(error) });
    }
  }
  return keys;
}
