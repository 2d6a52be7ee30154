import type { TerraformStack } from 'cdktf';
import { EventHubBuffer } from '../../../../azure/connect/event-hub/event-hub-buffer';
import { EventHubEntry } from '../../../../azure/connect/event-hub/event-hub-entry';
import type { Refusals } from '../../../support/refusals';
import { site as azure } from '../../stand-ins';

const SENDERS = [{ x: 'User' }, { '6f9619ff-8b86-d011-b42d-00cf4fc964ff': 'x' }, { '6f9619ff-8b86-d011-b42d-00cf4fc964ff': 5 }];

export const refusals = (terraform: TerraformStack): Refusals => {
  const hub = new EventHubBuffer(terraform, 'Hub', { site: azure, name: 'entry' });
  return {
    constructs: {
      EventHubBuffer: {
        settings: {
          site: 'neighbour',
          name: 'text',
          retentionDays: 'number',
          partitionCount: 'number',
          maxThroughputUnits: 'number',
          namespaceId: 'text',
          hubId: 'text',
          schemaFormat: 'choice',
          notify: 'texts',
          removal: 'choice',
          lock: [1, 'yes', {}],
        },
        make: (id, props) => new EventHubBuffer(terraform, id, { site: azure, ...props }),
      },
      EventHubEntry: {
        settings: { sink: 'neighbour', senders: SENDERS },
        make: (id, props) => new EventHubEntry(terraform, id, { sink: hub, ...props }),
      },
    },
    methods: {
      'a delivery of Event Hubs': {
        settings: { batchSize: 'number', batchWindowSeconds: 'number', maxRetries: 'number' },
        calculated: ['batchSize', 'batchWindowSeconds', 'maxRetries'],
        call: (props) => hub.deliverTo({} as any, props),
      },
    },
  };
};
