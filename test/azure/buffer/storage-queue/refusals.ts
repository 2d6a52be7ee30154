import type { TerraformStack } from 'cdktf';
import { StorageQueueBuffer } from '../../../../azure/buffer/storage-queue/storage-queue-buffer';
import type { Refusals } from '../../../support/refusals';
import { site as azure } from '../../stand-ins';

export const refusals = (terraform: TerraformStack): Refusals => {
  const queue = new StorageQueueBuffer(terraform, 'StorageQueue', { site: azure, name: 'sent' });
  return {
    constructs: {
      StorageQueueBuffer: {
        settings: {
          site: 'neighbour',
          name: 'text',
          redundancy: 'choice',
          retryDelaySeconds: 'number',
          maxConcurrency: 'number',
          accountId: 'text',
          notify: 'texts',
          removal: 'choice',
          lock: [1, 'yes', {}],
        },
        calculated: ['retryDelaySeconds', 'maxConcurrency'],
        make: (id, props) => new StorageQueueBuffer(terraform, id, { site: azure, ...props }),
      },
    },
    methods: {
      'a delivery of a storage queue': {
        settings: { batchSize: 'number', batchWindowSeconds: 'number', maxRetries: 'number' },
        calculated: ['maxRetries'],
        call: (props) => queue.deliverTo({} as any, props),
      },
    },
  };
};
