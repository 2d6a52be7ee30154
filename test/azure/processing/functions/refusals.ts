import type { TerraformStack } from 'cdktf';
import { EventHubBuffer } from '../../../../azure/connect/event-hub/event-hub-buffer';
import { FunctionProcessor } from '../../../../azure/processing/functions/function-processor';
import { BlobStore } from '../../../../azure/store/blob/blob-store';
import type { Refusals } from '../../../support/refusals';
import { site as azure } from '../../stand-ins';

export const refusals = (terraform: TerraformStack): Refusals => {
  const code = { zip: __filename, hash: 'abc' };
  const hub = new EventHubBuffer(terraform, 'SourceOfFunctions', { site: azure });
  const blobs = new BlobStore(terraform, 'DeadLetterOfFunctions', { site: azure });
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
          publish: 'choice',
          identity: 'neighbour',
          notify: 'texts',
        },
        make: (id, props) =>
          new FunctionProcessor(terraform, id, { site: azure, code, source: hub, stores: {}, deadLetter: blobs.deadLetter, ...props }),
      },
    },
  };
};
