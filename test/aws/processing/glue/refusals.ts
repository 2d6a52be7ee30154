import type { Stack } from 'aws-cdk-lib';
import { GlueCatalog } from '../../../../aws/processing/glue/glue-catalog';
import { GlueJob } from '../../../../aws/processing/glue/glue-job';
import { S3Store } from '../../../../aws/store/s3/s3-store';
import { packageScript } from '../../../../shared/synth/script-package';
import type { Refusals } from '../../../support/refusals';

const STORES = ['', 'x', 5, [], [{}], { 'my-store': {} }, { A: 'bucket' }, { A: {} }, { '': {} }];

export const refusals = (aws: Stack): Refusals => ({
  constructs: {
    GlueCatalog: {
      settings: {
        store: 'resource',
        firstYear: 'number',
        lastYear: 'number',
        format: 'choice',
        table: 'text',
        columns: ['', 5, null, [], {}, { Id: 'string' }, { id: 'text' }, { id: 5 }],
        partitions: ['', 5, null, [], { Tenant: [] }, { year: [] }, { data: [] }, { tenant: 5 }, { tenant: ['a,b'] }],
        database: 'text',
      },
      calculated: ['firstYear', 'lastYear'],
      make: (id, props) => new GlueCatalog(aws, id, { store: new S3Store(aws, `${id}Store`), firstYear: 2026, ...props }),
    },
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
      make: (id, props) => new GlueJob(aws, id, { script: packageScript('shared/runtime/spark/compact'), ...props }),
    },
  },
});
