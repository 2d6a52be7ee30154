import { mkdirSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Opened, Part } from '../../parts';
import type { StoredRow } from '../../platform';
import { rowsOf } from '../../rows';
import { shown } from '../../shown';
import { Resource } from '../../template/resource';
import type { ObjectWriter, Site } from '../site';
import { notifier } from './notifications';
import { CloudStorageStandIn, type Fate, type NamedObject } from './server';

/** The roles that Pub/Sub needs on a bucket. */
const DELIVERS = ['roles/storage.objectCreator', 'roles/storage.legacyBucketReader'];
const UNAVAILABLE: Fate = { code: 503, message: 'We encountered an internal error. Please try again.' };
/** An object is kept in a file, not in memory. */
const IN_FILE = { body: Buffer.alloc(0), contentType: '' };

/** Buckets are folders. A bucket with the code of a function is no store. In every other one are the rows of a function, or files of Pub/Sub. */
export const PART: Part<Site> = {
  overrides: () => ['STORAGE_EMULATOR_HOST = the emulated Cloud Storage, with each object as a file'],

  async open(site, { folder, witness, chaos, keep }): Promise<Opened> {
    const { terraform, clients, writers, buckets, objects, topics } = site;
    const holdsCode = new Set((await Resource.all(terraform, 'google_storage_bucket_object')).map((object) => object.text('bucket')));
    const names = (await Resource.all(terraform, 'google_storage_bucket')).map((bucket) => bucket.text('name'));
    const stores = names.filter((name) => !holdsCode.has(name));
    if (stores.length === 0) return {};
    const place = path.join(folder, 'cloud-storage');
    const rowsIn = (key: string, content: Buffer): readonly StoredRow[] => {
      const [, read] = [...objects].find(([start]) => key.startsWith(start)) ?? [];
      return read ? read(content, key) : rowsOf(content, key);
    };
    const rowsOfObject = ({ bucket, name, body }: NamedObject) => rowsIn(`${bucket}/${name}`, body);

    const fileOf = (key: string) => path.join(place, ...key.split('/').map(asFile));

    const storage = await new CloudStorageStandIn(stores).start();
    keep(() => storage.stop());
    storage.fate = async (_, object) => {
      const fate = chaos.write(rowsOfObject(object).map(({ text }) => text));
      if (fate === 'take') return 'stores';
      if (fate === 'refuse') return UNAVAILABLE;
      if (fate === 'stall') for (const writer of writers) void writer.stall();
      else await Promise.all(writers.map((writer) => writer.kill()));
      return fate === 'kill after' ? 'stores and breaks' : 'hangs';
    };
    storage.stored = (object) => {
      const file = fileOf(`${object.bucket}/${object.name}`);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, object.body);
      witness.stored(rowsOfObject(object));
      return IN_FILE;
    };
    clients.STORAGE_EMULATOR_HOST = `http://${storage.address}`;

    // Read at the first write: a grant refers to resources of other parts.
    let grants: Promise<readonly Resource[]> | undefined;
    const rolesOf = async (bucket: string, email: string) => {
      grants ??= Resource.all(terraform, 'google_storage_bucket_iam_member');
      const own = (await grants).filter((one) => one.text('bucket') === bucket && one.text('member') === `serviceAccount:${email}`);
      return own.map((grant) => grant.text('role'));
    };
    for (const bucket of stores) {
      const write: ObjectWriter = async (name, body, email) => {
        const roles = await rolesOf(bucket, email);
        const missing = DELIVERS.find((role) => !roles.includes(role));
        if (missing) return `PERMISSION_DENIED: ${email} needs ${missing} on ${bucket}`;
        // A file has many messages, so the store refuses none because of one of them.
        const fate = chaos.write([]);
        if (fate === 'refuse') return 'UNAVAILABLE: the bucket cannot be written';
        if (fate === 'stall' || fate === 'kill before') return 'the writer of Pub/Sub gave no answer';
        storage.write({ bucket, name, body, contentType: 'application/octet-stream' });
        return fate === 'kill after' ? 'the writer of Pub/Sub gave no answer' : undefined;
      };
      buckets.set(bucket, write);
    }
    const rows = async function* () {
      for (const key of [...storage.objects.keys()].sort()) yield* rowsIn(key, await readFile(fileOf(key)));
    };
    return {
      brought: { store: { place: shown(place), rows } },
      async begin() {
        const notify = await notifier(terraform, topics);
        storage.created = (object) => {
          try {
            notify(object);
          } catch (error) {
            witness.broken(
              `The notification of ${object.bucket}/${object.name} is refused: ${(error as Error).message}. Cloud Storage retries it for 7 days, and then drops it.`,
            );
          }
        };
        return {};
      },
    };
  },
};

/** A part of the name of an object as the name of a file: an object may be called `..`, and its file stays in the folder. */
function asFile(part: string): string {
  return ['', '.', '..'].includes(part) ? `${part}%` : part;
}
