import { writeEach } from '../../../shared/runtime/each-row';
import { setting } from '../../../shared/runtime/setting';
import type { Made, Sink } from '../../../shared/runtime/sink';
import { emulatorOf } from '../loopback';
import { hasStatus, post } from '../post';
import { type Document, documentOf, expiry, type Mode } from './firestore/document';

/** Sends one document. */
type Send = (document: Document) => Promise<void>;

/**
 * Firestore: creates each row as one document, or as one entity in Datastore mode.
 *
 * A document is created only if its id does not exist, so a retry of a lot changes nothing, also if only the answer of the first
 * write was lost. A row is checked against the limits of Firestore before the first row of its event is written. Rows of one event
 * are written separately: while they are retried, a reader may get some of them. To create a document is one request, so it is sent
 * without the client libraries, which are larger than the rest of the function.
 * @param name the start of the environment variables of the store: `STORE` reads `STORE_PROJECT`, `STORE_DATABASE`, `STORE_MODE`,
 * `STORE_COLLECTION`, `STORE_LOOK_UP_BY` and `STORE_RETENTION_SECONDS`
 * @param timeout after how many milliseconds without an answer a write fails
 * @see https://cloud.google.com/firestore/docs/reference/rest/v1/projects.databases.documents/createDocument
 */
export function firestoreSink(name: string, timeout = 20_000): Sink<Document> {
  const mode = modeOf(setting(`${name}_MODE`));
  const lookUpBy = setting(`${name}_LOOK_UP_BY`);
  const retention = Number(setting(`${name}_RETENTION_SECONDS`));
  const send = mode === 'native' ? documents(name, timeout) : entities(name, timeout);

  /** Documents expire some time after they arrived, which is the same at every retry. */
  const expiring = ({ stored: { id, fields }, record }: Made<Document>): Document => {
    if (retention === 0) return { id, fields };
    const at = new Date(record.arrived.getTime() + retention * 1000);
    return { id, fields: { ...fields, ...expiry(at, mode) } };
  };

  return {
    encode: (row, event, index) => documentOf(row, event, index, lookUpBy, mode),
    write: async ({ made }, signal) => {
      signal?.throwIfAborted();
      return writeEach(
        made.map((one) => ({ stored: expiring(one), record: one.record })),
        (document) =>
          send(document).catch((error: unknown) => {
            if (!hasStatus(error, 'ALREADY_EXISTS')) throw error;
          }),
        (error) => hasStatus(error, 'INVALID_ARGUMENT'),
      );
    },
  };
}

function modeOf(text: string): Mode {
  if (text === 'native' || text === 'datastore') return text;
  throw new Error(`The mode of a Firestore database must be native or datastore, got "${text}".`);
}

/** Creates documents of a collection in native mode. */
function documents(name: string, timeout: number): Send {
  const parent = `/v1/projects/${setting(`${name}_PROJECT`)}/databases/${setting(`${name}_DATABASE`)}/documents`;
  const path = `${parent}/${setting(`${name}_COLLECTION`)}`;
  const emulator = emulatorOf('FIRESTORE_EMULATOR_HOST', process.env.FIRESTORE_EMULATOR_HOST);
  return ({ id, fields }) => {
    const body = JSON.stringify({ fields });
    // The answer would have the whole document again.
    const query = `documentId=${encodeURIComponent(id)}&mask.fieldPaths=rowIndex`;
    return post(emulator, 'firestore.googleapis.com', `${path}?${query}`, { body, contentType: 'application/json', timeout });
  };
}

/**
 * Creates entities of a kind in Datastore mode.
 * @see https://cloud.google.com/datastore/docs/reference/data/rest/v1/projects/commit
 */
function entities(name: string, timeout: number): Send {
  const projectId = setting(`${name}_PROJECT`);
  const database = setting(`${name}_DATABASE`);
  const kind = setting(`${name}_COLLECTION`);
  // The API has the default database under no name.
  const databaseId = database === '(default)' ? '' : database;
  const emulator = emulatorOf('DATASTORE_EMULATOR_HOST', process.env.DATASTORE_EMULATOR_HOST);
  // Requests are led to a database by this header, as the client libraries send it.
  const headers = { 'x-goog-request-params': `project_id=${projectId}&database_id=${databaseId}` };
  return ({ id, fields }) => {
    const key = { partitionId: { projectId, databaseId }, path: [{ kind, name: id }] };
    const body = JSON.stringify({ databaseId, mode: 'NON_TRANSACTIONAL', mutations: [{ insert: { key, properties: fields } }] });
    const content = { body, contentType: 'application/json', timeout, headers };
    return post(emulator, 'datastore.googleapis.com', `/v1/projects/${projectId}:commit`, content);
  };
}
