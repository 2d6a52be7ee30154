import type { Stack } from 'aws-cdk-lib';
import { EmrServerlessJob } from '../../../../aws/processing/emr/emr-serverless-job';
import { packageScript } from '../../../../shared/synth/script-package';
import type { Refusals } from '../../../support/refusals';

const STORES = ['', 'x', 5, [], [{}], { 'my-store': {} }, { A: 'bucket' }, { A: {} }, { '': {} }];

export const refusals = (aws: Stack): Refusals => ({
  constructs: {
    EmrServerlessJob: {
      settings: {
        script: ['', 'x', 5, {}, [], 'nowhere.py', 'two\nlines', `${'x'.repeat(300)}.py`],
        inputs: STORES,
        outputs: STORES,
        arguments: ['', 'x', 5, [], { '--HOURS': '0' }, { HOURS: 0 }, { '': 'x' }],
        spark: ['', 'x', 5, [], { cores: '4' }, { 'spark.a': 4 }, { 'spark.a': '' }, { 'spark.a': 'two\nlines' }],
        maxVcpu: 'number',
        idleTimeout: 'time',
        timeout: 'time',
        releaseLabel: 'text',
        architecture: 'choice',
      },
      make: (id, props) => new EmrServerlessJob(aws, id, { script: packageScript('shared/runtime/spark/compact'), ...props }),
    },
  },
});
