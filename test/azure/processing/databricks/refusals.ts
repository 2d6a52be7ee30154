import type { TerraformStack } from 'cdktf';
import { DatabricksWorkspace } from '../../../../azure/processing/databricks/databricks-workspace';
import { BlobStore } from '../../../../azure/store/blob/blob-store';
import { DataLakeStore } from '../../../../azure/store/data-lake/data-lake-store';
import type { Refusals } from '../../../support/refusals';
import { site } from '../../stand-ins';

export const refusals = (terraform: TerraformStack): Refusals => {
  const raw = new DataLakeStore(terraform, 'LakeOfSpark', { site, name: 'spark' }).zone('raw');
  const blobs = new BlobStore(terraform, 'BlobsOfSpark', { site, name: 'flat' });
  const wrong = ['', 'x', 5, null, [raw], { '': raw }, { '1st': raw }, { 'two\nlines': raw }, { RAW: {} }, { RAW: null }, { RAW: blobs }];
  return {
    constructs: {
      DatabricksWorkspace: {
        settings: {
          site: 'neighbour',
          name: 'text',
          inputs: wrong,
          outputs: wrong,
          identity: ['', 'x', 5, [], {}, { id: 'spark' }],
          workspaceId: 'text',
          notify: 'texts',
          removal: 'choice',
        },
        make: (id, props) => new DatabricksWorkspace(terraform, id, { site, ...props }),
      },
    },
  };
};
