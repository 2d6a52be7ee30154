import type { Stack } from 'aws-cdk-lib';
import { GlueJob } from '../../../../aws/processing/glue/glue-job';
import { packageScript } from '../../../../shared/synth/script-package';
import type { Refusals } from '../../../support/refusals';

const STORES = ['', 'x', 5, [], [{}], { 'my-store': {} }, { A: 'bucket' }, { A: {} }, { '': {} }];

export const refusals = (aws: Stack): Refusals => ({
  constructs: {
    GlueJob: {
      settings: {
        script: ['', 'x', 5, {}, [], 'nowhere.py', 'two\nlines', `${'x'.repeat(300)}.py`],
        inputs: STORES,
        outputs: STORES,
        arguments: ['', 'x', 5, [], { '--HOURS': '0' }, { HOURS: 0 }, { '': 'x' }, { JOB_NAME: 'x' }],
        workers: 'number',
        workerType: 'choice',
        timeout: 'time',
        flex: ['yes', 0, {}],
        bookmarks: ['yes', 0, {}],
        glueVersion: 'text',
        logRetention: [NaN, -1, 0.5, 2, '30', {}],
        securityConfiguration: ['', ' ', 'two\nlines', 5, {}, []],
      },
      make: (id, props) => new GlueJob(aws, id, { script: packageScript('aws/runtime/spark/compact'), ...props }),
    },
  },
});
