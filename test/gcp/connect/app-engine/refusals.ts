import type { TerraformStack } from 'cdktf';
import { AppEngineEntry } from '../../../../gcp/connect/app-engine/app-engine-entry';
import { PubSubBuffer } from '../../../../gcp/connect/pub-sub/pub-sub-buffer';
import { CloudStorageStore } from '../../../../gcp/store/cloud-storage/cloud-storage-store';
import type { Refusals } from '../../../support/refusals';
import { site } from '../../stand-ins';
import { code } from './code';

export const refusals = (terraform: TerraformStack): Refusals => {
  const sink = new PubSubBuffer(terraform, 'SinkOfEntries', { site, name: 'entries' });
  const registry = new CloudStorageStore(terraform, 'RegistryOfEntries', { site, name: 'entrykeys', prefix: 'callers/' });
  return {
    constructs: {
      AppEngineEntry: {
        settings: {
          site: 'neighbour',
          sink: 'neighbour',
          registry: 'neighbour',
          code: 'neighbour',
          application: 'choice',
          name: 'text',
          ingress: 'choice',
          registrars: ['', 'x', 5, {}, ['allUsers'], ['allAuthenticatedUsers'], ['me@example.com'], ['user:'], [5], ['two\nlines']],
          tokenSeconds: 'number',
          keySeconds: 'number',
          concurrency: 'number',
          instanceClass: 'choice',
          maxInstances: 'number',
          silenceMinutes: 'number',
          serviceAccount: 'text',
          notify: 'texts',
        },
        calculated: ['silenceMinutes'],
        make: (id, props) => new AppEngineEntry(terraform, id, { site, sink, registry, code, ...props }),
      },
    },
  };
};
