import type { TerraformStack } from 'cdktf';
import { PubSubBuffer } from '../../../../gcp/connect/pub-sub/pub-sub-buffer';
import { CloudFunctionProcessor } from '../../../../gcp/processing/cloud-functions/cloud-function-processor';
import type { Refusals } from '../../../support/refusals';
import { site as gcp } from '../../stand-ins';

const VARIABLES = ['', 'x', 5, true, ['x'], { '': 'x' }, { 'a-b': 'x' }, { PORT: '1' }, { LEVEL: 5 }, { DEAD_LETTER_TOPIC: 'x' }];
const SECRETS = [
  '',
  'x',
  5,
  true,
  ['x'],
  { '': {} },
  { KEY: 'x' },
  { KEY: {} },
  { KEY: { secret: 'a b' } },
  { KEY: { secret: 'a', version: '0' } },
];

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
          minInstances: 'number',
          environmentVariables: VARIABLES,
          secretEnvironmentVariables: SECRETS,
          vpcConnector: 'text',
          serviceAccount: 'text',
          notify: 'texts',
        },
        calculated: ['memoryMiB'],
        make: (id, props) => new CloudFunctionProcessor(terraform, id, { site: gcp, code, source: topic, stores: {}, ...props }),
      },
    },
  };
};
