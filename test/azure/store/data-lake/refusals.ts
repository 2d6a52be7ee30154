import type { TerraformStack } from 'cdktf';
import { DataLakeStore } from '../../../../azure/store/data-lake/data-lake-store';
import type { Refusals } from '../../../support/refusals';
import { NO_TOPICS } from '../../foundation/events/no-topics';
import { site as azure } from '../../stand-ins';

export const refusals = (terraform: TerraformStack): Refusals => {
  return {
    constructs: {
      DataLakeStore: {
        settings: {
          site: 'neighbour',
          name: 'text',
          zones: [
            '',
            'raw',
            5,
            [],
            {},
            { 'A b': {} },
            { ab: {} },
            { 'dead-letter': {} },
            { raw: 5 },
            { raw: null },
            { raw: { coldAfterDays: 0 } },
          ],
          redundancy: 'choice',
          undeleteWindowDays: 'number',
          accountId: 'text',
          systemTopic: NO_TOPICS,
          notify: 'texts',
          removal: 'choice',
          lock: [1, 'yes', {}],
        },
        make: (id, props) => new DataLakeStore(terraform, id, { site: azure, ...props }),
      },
    },
  };
};
