import type { TerraformStack } from 'cdktf';
import { Schedule } from '../../../../gcp/foundation/schedule/schedule';
import type { Refusals } from '../../../support/refusals';
import { site } from '../../stand-ins';

const cron = '0 3 * * *';
const job = { bindStart: () => ({ url: 'https://example.com', token: 'oidc', waitFor: [] }) } as const;

export const refusals = (terraform: TerraformStack): Refusals => ({
  constructs: {
    Schedule: {
      settings: {
        site: 'neighbour',
        name: 'text',
        job: 'neighbour',
        recurrence: [
          ...['', '@daily', '0 3 * *', '0 3 * * * *', 'two\nlines', 5].map((wrong) => ({ cron: wrong })),
          ...['', '+01:00', 'two\nlines', 5].map((timeZone) => ({ cron, timeZone })),
          ...[-1, 0.5, 6, '1', Number.NaN].map((maxRetries) => ({ cron, maxRetries })),
        ],
        notify: 'neighbour',
      },
      make: (id, props) => new Schedule(terraform, id, { site, name: 'nightly', job, recurrence: { cron }, notify: [], ...props }),
    },
  },
});
