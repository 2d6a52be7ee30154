import type { TerraformStack } from 'cdktf';
import { DataFactoryCopy } from '../../../../azure/buffer/data-factory/data-factory-copy';
import { BlobStore } from '../../../../azure/store/blob/blob-store';
import type { Refusals } from '../../../support/refusals';
import { site } from '../../stand-ins';

export const refusals = (terraform: TerraformStack): Refusals => {
  const [from, to] = ['from', 'to'].map((name) => new BlobStore(terraform, `Copy${name}`, { site, name }));
  return {
    constructs: {
      DataFactoryCopy: {
        settings: {
          site: 'neighbour',
          name: 'text',
          from: ['', 'name', 5, {}, [], null],
          to: ['', 'name', 5, {}, [], null],
          on: 'choice',
          startTime: 'text',
          everyMinutes: 'number',
          maxRetries: 'number',
          prefix: 'text',
          notify: 'texts',
        },
        calculated: ['everyMinutes', 'maxRetries'],
        make: (id, props) =>
          new DataFactoryCopy(terraform, id, { site, from: from!, to: to!, startTime: '2026-01-01T00:00:00Z', ...props }),
      },
    },
  };
};
