import type { Stack } from 'aws-cdk-lib';
import { AthenaQuery } from '../../../../aws/processing/athena/athena-query';
import { GlueCatalog } from '../../../../aws/processing/glue/glue-catalog';
import { S3Store } from '../../../../aws/store/s3/s3-store';
import type { Refusals } from '../../../support/refusals';

export const refusals = (aws: Stack): Refusals => {
  const catalog = new GlueCatalog(aws, 'AthenaCatalog', { store: new S3Store(aws, 'AthenaStore'), firstYear: 2026 });
  return {
    constructs: {
      AthenaQuery: {
        settings: {
          catalog: 'resource',
          scanLimitGiB: 'number',
          savedQueries: ['', 5, null, [], { '': 'SELECT 1' }, { 'a-b': 'SELECT 1' }, { a: '' }, { a: 'DROP TABLE events' }, { a: 5 }],
          removal: 'choice',
        },
        calculated: ['scanLimitGiB'],
        make: (id, props) => new AthenaQuery(aws, id, { catalog, ...props }),
      },
    },
  };
};
