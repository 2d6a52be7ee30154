import type { TerraformStack } from 'cdktf';
import { EventHubBuffer } from '../../../../azure/connect/event-hub/event-hub-buffer';
import { StreamAnalyticsProcessor } from '../../../../azure/processing/stream-analytics/stream-analytics-processor';
import { BlobStore } from '../../../../azure/store/blob/blob-store';
import type { Refusals } from '../../../support/refusals';
import { site as azure } from '../../stand-ins';

export const refusals = (terraform: TerraformStack): Refusals => {
  const source = new EventHubBuffer(terraform, 'SourceOfJobs', { site: azure, name: 'jobs' });
  const store = new BlobStore(terraform, 'StoreOfJobs', { site: azure, name: 'jobs' });
  return {
    constructs: {
      StreamAnalyticsProcessor: {
        settings: {
          site: 'neighbour',
          source: ['', 'name', 5, {}, [], store, store.deadLetter],
          outputs: [
            5,
            'x',
            [],
            {},
            [{}],
            { '': store },
            { a: store },
            { '1st': store },
            { 'two\nlines': store },
            { store: {} },
            { store: null },
          ],
          query: 'text',
          name: 'text',
          units: 'choice',
          lateSeconds: 'number',
          outOfOrderSeconds: 'number',
          format: 'choice',
          fileMinutes: 'number',
          resume: [1, 'yes', {}],
          identity: ['', 'x', 5, [], {}, { id: 'presses' }],
          notify: 'texts',
        },
        calculated: ['lateSeconds', 'fileMinutes'],
        make: (id, props) => new StreamAnalyticsProcessor(terraform, id, { site: azure, source, outputs: { store }, ...props }),
      },
    },
  };
};
