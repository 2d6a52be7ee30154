import type { TerraformStack } from 'cdktf';
import { Workbench } from '../../../../gcp/processing/workbench/workbench';
import type { Refusals } from '../../../support/refusals';
import { site } from '../../stand-ins';

const network = 'projects/acme-data/global/networks/inner';
const subnetwork = 'projects/acme-data/regions/europe-west1/subnetworks/inner';

export const refusals = (terraform: TerraformStack): Refusals => ({
  constructs: {
    Workbench: {
      settings: {
        site: 'neighbour',
        owner: 'text',
        network: [
          ...[undefined, null, '', 'default', 5, {}, { network }, { subnetwork }],
          ...[
            { network: 'default', subnetwork },
            { network, subnetwork: 'default' },
            { network: 5, subnetwork },
          ],
          { network, subnetwork: subnetwork.replace('west1', 'west4') },
        ],
        inputs: 'stores',
        name: 'text',
        machineType: 'text',
        dataDiskGb: 'number',
        idleShutdownMinutes: 'number',
        zone: 'text',
        encryptionKey: 'text',
        removal: 'choice',
      },
      calculated: ['idleShutdownMinutes'],
      make: (id, props) => new Workbench(terraform, id, { site, owner: 'ada@example.com', network: { network, subnetwork }, ...props }),
    },
  },
});
