import type { TerraformStack } from 'cdktf';
import { ServiceBusBuffer } from '../../../../azure/buffer/service-bus/service-bus-buffer';
import type { Refusals } from '../../../support/refusals';
import { site as azure } from '../../stand-ins';

export const refusals = (terraform: TerraformStack): Refusals => {
  const bus = new ServiceBusBuffer(terraform, 'Bus', { site: azure, name: 'delivered' });
  return {
    constructs: {
      ServiceBusBuffer: {
        settings: {
          site: 'neighbour',
          name: 'text',
          retentionDays: 'number',
          deduplicateMinutes: 'number',
          lockSeconds: 'number',
          maxSizeGb: 'number',
          maxConcurrency: 'number',
          namespaceId: 'text',
          queueId: 'text',
          notify: 'texts',
          removal: 'choice',
          lock: [1, 'yes', {}],
        },
        calculated: ['retentionDays', 'deduplicateMinutes', 'lockSeconds', 'maxSizeGb'],
        make: (id, props) => new ServiceBusBuffer(terraform, id, { site: azure, ...props }),
      },
    },
    methods: {
      'a delivery of Service Bus': {
        settings: { batchSize: 'number', batchWindowSeconds: 'number', maxRetries: 'number' },
        calculated: ['maxRetries'],
        call: (props) => bus.deliverTo({} as any, props),
      },
    },
  };
};
