import type { Stack } from 'aws-cdk-lib';
import { QuickSightDashboard } from '../../../../aws/visualize/quicksight/quicksight-dashboard';
import type { Refusals } from '../../../support/refusals';
import { personOf, tableOf } from './table';

export const refusals = (aws: Stack): Refusals => ({
  constructs: {
    QuickSightDashboard: {
      settings: {
        table: 'neighbour',
        viewers: 'texts',
        authors: 'texts',
        days: 'number',
        mode: 'choice',
        refresh: 'choice',
        name: 'text',
      },
      make: (id, props) => new QuickSightDashboard(aws, id, { table: tableOf(), viewers: [personOf('jane')], ...props }),
    },
  },
});
