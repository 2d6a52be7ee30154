import { FirestoreField } from '@cdktf/provider-google/lib/firestore-field';
import { FirestoreIndex } from '@cdktf/provider-google/lib/firestore-index';
import type { ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';
import { keepAddress } from '../../../shared/synth/kept-name';
import type { Mode } from './firestore-settings';

/** Settings for {@link RowIndexes}. */
export interface RowIndexesProps {
  readonly project: string;
  /** The id of the database. */
  readonly database: string;
  readonly mode: Mode;
  readonly collection: string;
  /** The field by which rows are looked up. */
  readonly lookUpBy: string;
  /** Whether rows expire. */
  readonly expire: boolean;
  /** The start of the addresses in the state. */
  readonly name: string;
  readonly dependsOn: ITerraformDependable[];
}

/**
 * Part of the Store stage: what Firestore indexes of the rows, and when it deletes them.
 *
 * Firestore would index every field. An indexed time, which always grows, limits a collection to 500 writes a second. In Datastore
 * mode the writer says with each value that it is not indexed, and only the TTL is declared here.
 * @see https://cloud.google.com/firestore/docs/best-practices
 */
export class RowIndexes extends Construct {
  /** The index of `lookUpBy` and the time of the event, in native mode. */
  readonly index?: FirestoreIndex;

  constructor(scope: Construct, id: string, props: RowIndexesProps) {
    super(scope, id);
    const { mode, collection, lookUpBy, expire, name, ...place } = props;
    const isNative = mode === 'native';
    const none = isNative ? { indexConfig: {} } : {};
    // Another address would create each of them before the one before is deleted, and Firestore has only one for each field.
    const field = (fieldId: string, path: string, config: object) => {
      const made = new FirestoreField(this, fieldId, { ...place, collection, field: path, ...config });
      keepAddress(made, `${name}-${fieldId}`);
    };
    if (isNative) {
      field('AllFields', '*', none);
      field('LookUp', lookUpBy, { indexConfig: { indexes: [{ order: 'ASCENDING', queryScope: 'COLLECTION' }] } });
      this.index = new FirestoreIndex(this, 'Index', {
        ...place,
        collection,
        queryScope: 'COLLECTION',
        fields: [
          { fieldPath: lookUpBy, order: 'ASCENDING' },
          { fieldPath: 'eventTime', order: 'DESCENDING' },
        ],
      });
      keepAddress(this.index, `${name}-${lookUpBy}`);
    }
    if (expire) field('Expiry', 'expiresAt', { ...none, ttlConfig: {} });
  }
}
