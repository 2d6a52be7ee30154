import type { Stack } from 'aws-cdk-lib';
import { QuickSightDashboard } from '../../../../aws/visualize/quicksight/quicksight-dashboard';
import { personOf, tableOf } from './table';

/** Settings of a dashboard that change findings of cdk-nag. */
export const variants = {
  'imported events, and authors': (stack: Stack) =>
    new QuickSightDashboard(stack, 'Visualize', {
      table: tableOf(),
      viewers: [personOf('jane')],
      authors: [personOf('joe')],
      mode: 'spice',
    }),
};
