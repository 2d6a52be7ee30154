import type { TerraformStack } from 'cdktf';
import { PubSubBuffer } from '../../../../gcp/connect/pub-sub/pub-sub-buffer';
import { CloudRunJob } from '../../../../gcp/processing/cloud-run/cloud-run-job';
import { CloudRunProcessor } from '../../../../gcp/processing/cloud-run/cloud-run-processor';
import { CloudRunWorkerPool } from '../../../../gcp/processing/cloud-run/cloud-run-worker-pool';
import type { Refusals } from '../../../support/refusals';
import { site } from '../../stand-ins';
import { image } from './image';

const { repository, digest } = image;
const IMAGES = [
  '',
  5,
  null,
  `${repository}@${digest}`,
  { repository, digest: 'latest' },
  { repository: `${repository}:latest`, digest },
  { repository: 'two\nlines', digest },
  { digest },
  { repository },
];
const VARIABLES = ['', 'x', 5, true, ['x'], { '': 'x' }, { 'a-b': 'x' }, { PORT: '1' }, { LEVEL: 5 }, { DEAD_LETTER_TOPIC: 'x' }];
const SECRETS = ['', 'x', 5, true, ['x'], { '': {} }, { KEY: 'x' }, { KEY: {} }, { KEY: { secret: 'a b' } }];
const subnetwork = 'projects/acme-data/regions/europe-west1/subnetworks/inner';
const NETWORKS = [{}, { network: 'default', subnetwork }, { network: subnetwork, subnetwork: 'default' }, { network: 5, subnetwork }];

const NUMBERS = [Number.NaN, Number.POSITIVE_INFINITY, -1, 0.5, 1e9, '', '5', true, {}];
const SCALINGS = [
  ...['', 'auto', 5, true, [], {}],
  ...IMAGES.map((wrong) => ({ image: wrong })),
  ...['perInstance', 'min', 'max'].flatMap((setting) => NUMBERS.map((wrong) => ({ image, [setting]: wrong }))),
];
const POLICIES = ['', 'default', 5, true, null, [], {}, { waitFor: 'policy' }];

export const refusals = (terraform: TerraformStack): Refusals => {
  const source = new PubSubBuffer(terraform, 'SourceOfServices', { site, name: 'services' });
  return {
    constructs: {
      CloudRunJob: {
        settings: {
          site: 'neighbour',
          image: IMAGES,
          inputs: 'stores',
          outputs: 'stores',
          code: 'neighbour',
          schedule: [
            ...['', '@daily', '0 3 * *', '0 3 * * * *', 'two\nlines', 5].map((wrong) => ({ cron: wrong })),
            ...['', '+01:00', 'two\nlines', 5].map((timeZone) => ({ cron: '0 3 * * *', timeZone })),
            ...[-1, 0.5, 6, '1', Number.NaN].map((maxRetries) => ({ cron: '0 3 * * *', maxRetries })),
          ],
          name: 'text',
          args: [5, {}, [5], ['nul\0'], [['x']]],
          tasks: 'number',
          parallelism: 'number',
          maxRetries: 'number',
          timeoutSeconds: 'number',
          cpu: 'number',
          memoryMiB: 'number',
          environmentVariables: VARIABLES.slice(0, -1),
          secretEnvironmentVariables: SECRETS,
          network: NETWORKS,
          serviceAccount: 'text',
          binaryAuthorization: POLICIES,
          notify: 'texts',
        },
        calculated: ['tasks', 'parallelism', 'maxRetries', 'timeoutSeconds', 'memoryMiB'],
        make: (id, props) => new CloudRunJob(terraform, id, { site, image, ...props }),
      },
      CloudRunProcessor: {
        settings: {
          site: 'neighbour',
          image: IMAGES,
          source: 'neighbour',
          stores: 'stores',
          code: 'neighbour',
          delivery: 'neighbour',
          name: 'text',
          cpu: 'number',
          memoryMiB: 'number',
          timeoutSeconds: 'number',
          concurrency: 'number',
          maxInstances: 'number',
          minInstances: 'number',
          healthPath: 'text',
          environmentVariables: VARIABLES,
          secretEnvironmentVariables: SECRETS,
          network: NETWORKS,
          serviceAccount: 'text',
          binaryAuthorization: POLICIES,
          notify: 'texts',
        },
        calculated: ['memoryMiB'],
        make: (id, props) => new CloudRunProcessor(terraform, id, { site, image, source, stores: {}, ...props }),
      },
      CloudRunWorkerPool: {
        settings: {
          site: 'neighbour',
          image: IMAGES,
          source: 'neighbour',
          stores: 'stores',
          code: 'neighbour',
          delivery: 'neighbour',
          name: 'text',
          instances: 'number',
          scaling: SCALINGS,
          concurrency: 'number',
          cpu: 'number',
          memoryMiB: 'number',
          environmentVariables: [...VARIABLES, { EVENTS_ENDPOINT: 'x' }],
          secretEnvironmentVariables: SECRETS,
          network: NETWORKS,
          serviceAccount: 'text',
          binaryAuthorization: POLICIES,
          notify: 'texts',
        },
        calculated: ['instances', 'concurrency', 'memoryMiB'],
        make: (id, props) => new CloudRunWorkerPool(terraform, id, { site, image, source, stores: {}, ...props }),
      },
    },
  };
};
