import type { TerraformStack } from 'cdktf';
import { ComposerOrchestration } from '../../../../gcp/processing/composer/composer-orchestration';
import type { Refusals } from '../../../support/refusals';
import { site } from '../../stand-ins';
import { AJob } from '../workflows/a-job';

const network = 'projects/acme-data/global/networks/inner';
const subnetwork = 'projects/acme-data/regions/europe-west1/subnetworks/inner';

export const refusals = (terraform: TerraformStack): Refusals => {
  const steps = [{ Pull: new AJob(terraform, 'JobOfComposerRefusals') }];
  return {
    constructs: {
      ComposerOrchestration: {
        settings: {
          site: 'neighbour',
          steps: ['', 'x', 5, {}, [], [{}], [[]], ['x'], [{ '': {} }], [{ Pull: 'pull' }], [{ Step1: {} }], [{ 'two\nlines': {} }]],
          network: [
            ...[undefined, null, '', 'default', 5, {}, { network }, { subnetwork }],
            { network: 'default', subnetwork },
            { network, subnetwork: subnetwork.replace('west1', 'west4') },
          ],
          schedule: [
            ...['', '@daily', '0 3 * *', '0 3 * * * *', 'two\nlines', 5].map((cron) => ({ cron })),
            ...['', '+01:00', 'two\nlines', 5].map((timeZone) => ({ cron: '0 3 * * *', timeZone })),
            { cron: '0 3 * * *', maxRetries: 3 },
          ],
          name: 'text',
          maxRetries: 'number',
          timeoutSeconds: 'number',
          size: 'choice',
          workers: ['', 5, true, [], { min: 0 }, { min: 1.5 }, { min: '1' }, { max: 0 }, { min: 3, max: 2 }, { max: 101 }],
          imageVersion: 'text',
          packages: ['', 5, [], { '': '==1' }, { Pandas: '==1' }, { pandas: '' }, { pandas: '>=1' }, { pandas: 1 }, { pandas: '==1\n2' }],
          snapshots: 'text',
          webServerRanges: 'texts',
          historyDays: 'number',
          maintenanceHour: 'number',
          encryptionKey: 'text',
          serviceAccount: 'text',
          removal: 'choice',
          notify: 'texts',
        },
        calculated: ['maxRetries', 'timeoutSeconds', 'maintenanceHour'],
        make: (id, props) => new ComposerOrchestration(terraform, id, { site, steps, network: { network, subnetwork }, ...props }),
      },
    },
  };
};
