import type { TerraformStack } from 'cdktf';
import { DataprocBatch } from '../../../../gcp/processing/dataproc/dataproc-batch';
import { packageScript } from '../../../../shared/synth/script-package';
import { type Refusals, WRONG } from '../../../support/refusals';
import { site } from '../../stand-ins';

const network = { subnetwork: 'projects/acme-net/regions/europe-west1/subnetworks/workers' };
const script = packageScript('shared/runtime/spark/compact');
const STORES = [...WRONG.stores, ...[5, true, [], { FILES: 5 }, { FILES: {} }, { FILES: { node: {} } }]];

export const refusals = (terraform: TerraformStack): Refusals => ({
  constructs: {
    DataprocBatch: {
      settings: {
        site: 'neighbour',
        script: ['', 5, null, 'nowhere.py', __filename, ['main.py']],
        network: [undefined, null, '', 'default', 5, {}, { subnetwork: 'default' }, { network: 'projects/acme-net/global/networks/inner' }],
        inputs: STORES,
        outputs: STORES,
        arguments: [5, true, [], { '': 'x' }, { '--DAY': 'x' }, { HOURS: 5 }, { 'two\nlines': 'x' }],
        schedule: ['', '@daily', '0 3 * *', 'two\nlines', 5].map((cron) => ({ cron })),
        name: 'text',
        maxExecutors: 'number',
        ttlHours: 'number',
        spark: [5, true, [], { '': 'x' }, { cores: '8' }, { 'spark.executor.cores': 8 }, { 'spark.app.name': 'two\nlines' }],
        runtimeVersion: 'text',
        serviceAccount: 'text',
        encryptionKey: 'text',
        notify: 'texts',
      },
      calculated: ['maxExecutors', 'ttlHours'],
      make: (id, props) => new DataprocBatch(terraform, id, { site, script, network, ...props }),
    },
  },
});
