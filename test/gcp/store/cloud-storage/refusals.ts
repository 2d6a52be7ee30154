import type { TerraformStack } from 'cdktf';
import { CloudStorageStore } from '../../../../gcp/store/cloud-storage/cloud-storage-store';
import type { Refusals } from '../../../support/refusals';
import { site } from '../../stand-ins';

export const refusals = (terraform: TerraformStack): Refusals => ({
  constructs: {
    CloudStorageStore: {
      settings: {
        site: 'neighbour',
        name: 'text',
        prefix: 'text',
        coldAfterDays: 'number',
        retentionDays: 'number',
        immutableDays: 'number',
        undeleteWindowDays: 'number',
        rawFiles: ['', 'text', 1, [], { format: 'parquet' }, { maxSeconds: 59 }, { maxSeconds: '300' }, { maxMiB: 0 }],
        encryptionKey: 'text',
        bucketName: 'text',
        removal: 'choice',
      },
      calculated: ['immutableDays', 'undeleteWindowDays'],
      make: (id, props) => new CloudStorageStore(terraform, id, { site, ...props }),
    },
  },
});
