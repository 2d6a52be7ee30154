import type { TerraformStack } from 'cdktf';
import { PubSubBuffer } from '../../../../gcp/connect/pub-sub/pub-sub-buffer';
import { CloudFunctionProcessor } from '../../../../gcp/processing/cloud-functions/cloud-function-processor';
import type { Refusals } from '../../../support/refusals';
import { site as gcp } from '../../stand-ins';

export const refusals = (terraform: TerraformStack): Refusals => {
  const code = { zip: __filename, hash: 'abc' };
  const topic = new PubSubBuffer(terraform, 'SourceOfFunctions', { site: gcp, name: 'functions' });
  return {
    constructs: {
      CloudFunctionProcessor: {
        settings: {
          site: 'neighbour',
          code: 'neighbour',
          source: 'neighbour',
          stores: 'stores',
          delivery: 'neighbour',
          name: 'text',
          memoryMiB: 'number',
          timeoutSeconds: 'number',
          concurrency: 'number',
          maxInstances: 'number',
          serviceAccount: 'text',
          notify: 'texts',
        },
        calculated: ['memoryMiB'],
        make: (id, props) => new CloudFunctionProcessor(terraform, id, { site: gcp, code, source: topic, stores: {}, ...props }),
      },
    },
  };
};
