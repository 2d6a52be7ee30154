import type { TerraformStack } from 'cdktf';
import { BigtableStore } from '../../../../gcp/store/bigtable/bigtable-store';
import type { Refusals } from '../../../support/refusals';
import { site } from '../../stand-ins';

export const refusals = (terraform: TerraformStack): Refusals => ({
  constructs: {
    BigtableStore: {
      settings: {
        site: 'neighbour',
        name: 'text',
        tableId: 'text',
        family: 'text',
        zone: 'text',
        secondZone: 'text',
        minNodes: 'number',
        maxNodes: 'number',
        cpuTargetPercent: 'number',
        retentionDays: 'number',
        backupRetentionDays: 'number',
        encryptionKey: 'text',
        instanceId: 'text',
        notify: 'texts',
        removal: 'choice',
      },
      calculated: ['minNodes', 'maxNodes', 'retentionDays', 'backupRetentionDays'],
      make: (id, props) => new BigtableStore(terraform, id, { site, ...props }),
    },
  },
});
