import type { TerraformStack } from 'cdktf';
import { FirestoreStore } from '../../../../gcp/store/firestore/firestore-store';
import type { Refusals } from '../../../support/refusals';
import { site } from '../../stand-ins';

export const refusals = (terraform: TerraformStack): Refusals => ({
  constructs: {
    FirestoreStore: {
      settings: {
        site: 'neighbour',
        name: 'text',
        mode: 'choice',
        collection: 'text',
        lookUpBy: ['', ' ', 'two\nlines', 'eventTime', 'expiresAt', '__name__', 'X'.repeat(101), 5, true, [], {}],
        retentionDays: 'number',
        location: 'text',
        pointInTimeRecovery: ['yes', 1, {}],
        backupRetentionDays: 'number',
        encryptionKey: 'text',
        databaseId: 'text',
        notify: 'texts',
        removal: 'choice',
      },
      calculated: ['retentionDays', 'backupRetentionDays'],
      make: (id, props) => new FirestoreStore(terraform, id, { site, ...props }),
    },
  },
});
