import type { TerraformStack } from 'cdktf';
import { BigQueryStore } from '../../../../gcp/store/bigquery/bigquery-store';
import { LookerInstance } from '../../../../gcp/visualize/looker/looker-instance';
import { SharedView } from '../../../../gcp/visualize/shared-view/shared-view';
import type { Refusals } from '../../../support/refusals';
import { site } from '../../stand-ins';
import { NEEDED } from './needed';

export const refusals = (terraform: TerraformStack): Refusals => {
  const store = new BigQueryStore(terraform, 'LookerStore', { site, name: 'of_looker' });
  const view = new SharedView(terraform, 'LookerView', { site, store, name: 'for_looker' });
  const { clientId, clientSecret } = NEEDED.oauthClient;
  return {
    constructs: {
      LookerInstance: {
        settings: {
          site: 'neighbour',
          views: 'stores',
          edition: ['', 'x', 'TRIAL', 'standard', 5, true, {}],
          oauthClient: [
            ...['', 'x', 5, true, null, {}],
            ...['', 'x', 5, 'two\nlines'].map((wrong) => ({ clientId: wrong, clientSecret })),
            ...['', 'x', 5, 'two\nlines', 'with space'].map((wrong) => ({ clientId, clientSecret: wrong })),
          ],
          emailDomains: ['', 'x', 5, {}, [], [''], ['x'], [5], ['@example.com'], ['two\nlines.example'], [['example.com']]],
          name: 'text',
          maintenanceWindow: ['', 5, true, null, {}, { day: 'sunday', hour: 3 }, { day: 'SUNDAY', hour: 24 }, { day: 'SUNDAY', hour: '3' }],
          network: 'text',
          encryptionKey: 'text',
          removal: 'choice',
        },
        make: (id, props) =>
          new LookerInstance(terraform, id, { ...NEEDED, edition: 'ENTERPRISE', site, views: { EVENTS: view }, ...props }),
      },
    },
  };
};
