import type { TerraformStack } from 'cdktf';
import { EventHubBuffer } from '../../../../azure/connect/event-hub/event-hub-buffer';
import { FunctionProcessor } from '../../../../azure/processing/functions/function-processor';
import { BlobStore } from '../../../../azure/store/blob/blob-store';
import type { Refusals } from '../../../support/refusals';
import { site as azure } from '../../stand-ins';

export const refusals = (terraform: TerraformStack): Refusals => {
  const code = { zip: __filename, hash: 'abc' };
  const hub = new EventHubBuffer(terraform, 'SourceOfFunctions', { site: azure, name: 'source' });
  const blobs = new BlobStore(terraform, 'DeadLetterOfFunctions', { site: azure, name: 'dead' });
  return {
    constructs: {
      FunctionProcessor: {
        settings: {
          site: 'neighbour',
          code: 'neighbour',
          source: 'neighbour',
          stores: 'stores',
          deadLetter: 'neighbour',
          delivery: 'neighbour',
          name: 'text',
          memoryMiB: 'choice',
          maxInstances: 'number',
          alwaysReady: [5, 'x', [], { process: 1 }, { 'function:process': 0 }, { 'function:process': '1' }],
          appSettings: [
            5,
            'x',
            [],
            { NAME: 5 },
            { 'MY-NAME': 'x' },
            { EVENTS_HUB: 'x' },
            { azurewebjobsstorage: '' },
            { A: '@Microsoft.KeyVault(x)' },
          ],
          subnetId: 'text',
          publish: 'choice',
          identity: ['', 'x', 5, [], {}, { id: 'presses' }],
          notify: 'texts',
        },
        make: (id, props) =>
          new FunctionProcessor(terraform, id, { site: azure, code, source: hub, stores: {}, deadLetter: blobs.deadLetter, ...props }),
      },
    },
  };
};
