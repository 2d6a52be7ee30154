import type { TerraformStack } from 'cdktf';
import { BigQueryStore } from '../../../../gcp/store/bigquery/bigquery-store';
import { SharedView } from '../../../../gcp/visualize/shared-view/shared-view';
import type { Refusals } from '../../../support/refusals';
import { site as gcp } from '../../stand-ins';

export const refusals = (terraform: TerraformStack): Refusals => {
  const store = new BigQueryStore(terraform, 'SharedStore', { site: gcp, name: 'of_shared_view' });
  return {
    constructs: {
      SharedView: {
        settings: {
          site: 'neighbour',
          store: 'neighbour',
          name: 'text',
          columns: ['', 'x', 5, {}, [''], [5], ['two\nlines'], ['data.celsius'], [['x']], ['a', 'A']],
          where: ['', ' ', 5, {}, 'a; b'],
          readers: 'texts',
          removal: 'choice',
        },
        make: (id, props) => new SharedView(terraform, id, { site: gcp, store, ...props }),
      },
    },
  };
};
