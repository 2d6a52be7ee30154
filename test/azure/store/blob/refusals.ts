import type { TerraformStack } from 'cdktf';
import { BlobStore } from '../../../../azure/store/blob/blob-store';
import type { Refusals } from '../../../support/refusals';
import { NO_TOPICS } from '../../foundation/events/no-topics';
import { site as azure } from '../../stand-ins';

export const refusals = (terraform: TerraformStack): Refusals => {
  return {
    constructs: {
      BlobStore: {
        settings: {
          site: 'neighbour',
          name: 'text',
          redundancy: 'choice',
          coldAfterDays: 'number',
          archiveAfterDays: 'number',
          expireAfterDays: 'number',
          undeleteWindowDays: 'number',
          accountId: 'text',
          systemTopic: NO_TOPICS,
          notify: 'texts',
          removal: 'choice',
          lock: [1, 'yes', {}],
        },
        make: (id, props) => new BlobStore(terraform, id, { site: azure, ...props }),
      },
    },
  };
};
