import type { Stack } from 'aws-cdk-lib';
import { KinesisBuffer } from '../../../../aws/buffer/kinesis/kinesis-buffer';
import { FlinkProcessor } from '../../../../aws/processing/flink/flink-processor';
import { S3Store } from '../../../../aws/store/s3/s3-store';
import type { Refusals } from '../../../support/refusals';

export const refusals = (aws: Stack): Refusals => {
  const source = new KinesisBuffer(aws, 'SourceOfFlink');
  const store = new S3Store(aws, 'StoreOfFlink');
  return {
    constructs: {
      FlinkProcessor: {
        settings: {
          source: 'neighbour',
          store: 'neighbour',
          code: [{ project: 'aws/none' }, { project: 5 }, {}, { bucket: 'mine', key: 'a.jar' }],
          properties: [
            { source: {} },
            { store: { path: 'x' } },
            { 'two words': {} },
            { '': {} },
            { mine: { empty: '' } },
            { mine: { number: 5 } },
          ],
          parallelism: 'number',
          autoScaling: ['', 'yes', 0, {}],
          runtime: ['', 'FLINK-1_20', 'FLINK-9_9', 5],
          snapshot: 'text',
          allowNonRestoredState: ['', 'yes', 0, {}],
          logLevel: ['', 'info', 'ERROR', 'TRACE', 5],
          logRetention: 'choice',
          removal: 'choice',
        },
        make: (id, props) => new FlinkProcessor(aws, id, { source, store, ...props }),
      },
    },
  };
};
