import { createPublicKey, type KeyObject } from 'node:crypto';
import { setting } from '../../../../shared/runtime/setting';
import { inOneLine } from '../../../../shared/runtime/verdict';
import { get } from '../../get';
import { emulatorOf } from '../../loopback';
import { Refused } from '../../post';
import { log } from './log';

/** Finds the public keys of a device: none if the device is not registered. */
export type Registry = (device: string) => Promise<readonly KeyObject[]>;

const PEM = /-----BEGIN PUBLIC KEY-----[\s\S]*?-----END PUBLIC KEY-----/g;
/** How many devices are kept in memory, with keys and without. */
const MAX_KEPT = 10_000;
/** How many requests to the registry may be open. Anybody can cause one, with a token that is not signed by a device. */
const MAX_OPEN = 50;

/** What was found of a device, and until when it is used, in milliseconds. */
interface Kept {
  readonly keys: Promise<readonly KeyObject[]>;
  readonly until: number;
}

/** The registry has as many open requests as it may. */
export class RegistryBusy extends Error {
  override readonly name = 'RegistryBusy';
}

/**
 * A registry of devices in Cloud Storage: the object `DEVICE.pem` below the prefix has the public keys of a device, one or several.
 * What was found is kept for a while, also that a device is not registered. If the registry cannot be read, a device whose keys are
 * no longer kept is not accepted.
 * @param name the start of the environment variables of the store: `REGISTRY` reads `REGISTRY_BUCKET` and `REGISTRY_PREFIX`
 * @param keepSeconds how long keys are kept: so long is a device accepted after its object was deleted
 * @param timeout after how many milliseconds without an answer a request fails
 * @see https://cloud.google.com/storage/docs/json_api/v1/objects/get
 */
export function deviceRegistry(name: string, keepSeconds: number, timeout = 5_000): Registry {
  const objects = `/storage/v1/b/${setting(`${name}_BUCKET`)}/o`;
  const prefix = setting(`${name}_PREFIX`);
  const emulator = emulatorOf('STORAGE_EMULATOR_HOST', process.env.STORAGE_EMULATOR_HOST?.replace(/^http:\/\//, ''));
  // Apart, so that tokens with made-up names push out no device.
  const [known, unknown] = [new Map<string, Kept>(), new Map<string, Kept>()];
  let open = 0;
  let readableUntil = 0;

  const read = async (device: string): Promise<readonly KeyObject[]> => {
    if (open >= MAX_OPEN) throw new RegistryBusy(`${MAX_OPEN} requests are open`);
    open++;
    try {
      const path = `${objects}/${encodeURIComponent(`${prefix}${device}.pem`)}?alt=media`;
      return keysOf(device, await get(emulator, 'storage.googleapis.com', path, timeout));
    } catch (error) {
      if (error instanceof Refused && (error.status === 404 || (error.status === 403 && (await isReadable())))) return [];
      throw error;
    } finally {
      open--;
    }
  };

  /** Google denies to read what does not exist. Whoever may list the registry may read it too. */
  const isReadable = async (): Promise<boolean> => {
    if (Date.now() < readableUntil) return true;
    const path = `${objects}?prefix=${encodeURIComponent(prefix)}&maxResults=1&fields=kind`;
    await get(emulator, 'storage.googleapis.com', path, timeout);
    readableUntil = Date.now() + keepSeconds * 1000;
    return true;
  };

  return (device) => {
    const now = Date.now();
    const found = known.get(device) ?? unknown.get(device);
    if (found && now < found.until) return found.keys;
    const entry: Kept = { keys: read(device), until: now + keepSeconds * 1000 };
    unknown.delete(device);
    keep(known, device, entry);
    const forget = () => known.get(device) === entry && known.delete(device);
    entry.keys.then(
      (keys) => keys.length === 0 && forget() && keep(unknown, device, entry),
      // A fault is not kept: the next request of the device tries again.
      forget,
    );
    return entry.keys;
  };
}

/** Keep one more, and forget the oldest. */
function keep(kept: Map<string, Kept>, device: string, entry: Kept) {
  kept.delete(device);
  for (const oldest of kept.keys()) {
    if (kept.size < MAX_KEPT) break;
    kept.delete(oldest);
  }
  kept.set(device, entry);
}

/** The public keys in an object. An object with a private key has none: whoever may read it can sign in as the device. */
function keysOf(device: string, text: string): KeyObject[] {
  if (text.includes('PRIVATE KEY')) {
    log('ERROR', 'The registry has a private key. Delete it, and register another key.', { device });
    return [];
  }
  const keys: KeyObject[] = [];
  for (const pem of text.match(PEM) ?? []) {
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
