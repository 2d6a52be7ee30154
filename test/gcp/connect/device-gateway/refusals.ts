import type { TerraformStack } from 'cdktf';
import { DeviceGateway } from '../../../../gcp/connect/device-gateway/device-gateway';
import { PubSubBuffer } from '../../../../gcp/connect/pub-sub/pub-sub-buffer';
import { CloudStorageStore } from '../../../../gcp/store/cloud-storage/cloud-storage-store';
import type { Refusals } from '../../../support/refusals';
import { site } from '../../stand-ins';
import { code, image } from './code';

const { repository, digest } = image;
const IMAGES = [
  ...['', 5, null, `${repository}@${digest}`, { digest }, { repository }],
  { repository, digest: 'latest' },
  { repository: `${repository}:latest`, digest },
];

export const refusals = (terraform: TerraformStack): Refusals => {
  const sink = new PubSubBuffer(terraform, 'SinkOfGateways', { site, name: 'gateways' });
  const registry = new CloudStorageStore(terraform, 'RegistryOfGateways', { site, name: 'registry', prefix: 'devices/' });
  return {
    constructs: {
      DeviceGateway: {
        settings: {
          site: 'neighbour',
          sink: 'neighbour',
          registry: 'neighbour',
          code: 'neighbour',
          image: IMAGES,
          registrars: ['', 'x', 5, {}, ['allUsers'], ['allAuthenticatedUsers'], ['me@example.com'], ['user:'], [5], ['two\nlines']],
          name: 'text',
          tokenSeconds: 'number',
          keySeconds: 'number',
          concurrency: 'number',
          memoryMiB: 'number',
          maxInstances: 'number',
          minInstances: 'number',
          silenceMinutes: 'number',
          serviceAccount: 'text',
          binaryAuthorization: ['', 'default', 5, true, null, [], {}, { waitFor: 'policy' }],
          notify: 'texts',
        },
        calculated: ['memoryMiB', 'silenceMinutes'],
        make: (id, props) => new DeviceGateway(terraform, id, { site, sink, registry, code, image, ...props }),
      },
    },
  };
};
