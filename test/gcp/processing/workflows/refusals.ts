import type { TerraformStack } from 'cdktf';
import { WorkflowsOrchestration } from '../../../../gcp/processing/workflows/workflows-orchestration';
import type { Refusals } from '../../../support/refusals';
import { site } from '../../stand-ins';
import { AJob } from './a-job';

export const refusals = (terraform: TerraformStack): Refusals => {
  const steps = [{ Pull: new AJob(terraform, 'JobOfRefusals') }];
  return {
    constructs: {
      WorkflowsOrchestration: {
        settings: {
          site: 'neighbour',
          steps: ['', 'x', 5, {}, [], [{}], [[]], ['x'], [{ '': {} }], [{ Pull: 'pull' }], [{ Step1: {} }], [{ 'two\nlines': {} }]],
          schedule: [
            ...['', '@daily', '0 3 * *', '0 3 * * * *', 'two\nlines', 5].map((cron) => ({ cron })),
            ...['', '+01:00', 'two\nlines', 5].map((timeZone) => ({ cron: '0 3 * * *', timeZone })),
            ...[-1, 0.5, 6, '1', Number.NaN].map((maxRetries) => ({ cron: '0 3 * * *', maxRetries })),
          ],
          name: 'text',
          maxRetries: 'number',
          timeoutSeconds: 'number',
          serviceAccount: 'text',
          notify: 'texts',
        },
        calculated: ['maxRetries', 'timeoutSeconds'],
        make: (id, props) => new WorkflowsOrchestration(terraform, id, { site, steps, ...props }),
      },
    },
  };
};
