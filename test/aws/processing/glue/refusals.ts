import type { Stack } from 'aws-cdk-lib';
import { GlueCatalog } from '../../../../aws/processing/glue/glue-catalog';
import { S3Store } from '../../../../aws/store/s3/s3-store';
import type { Refusals } from '../../../support/refusals';

export const refusals = (aws: Stack): Refusals => {
  const store = new S3Store(aws, 'CatalogStore');
  return {
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
        make: (id, props) => new GlueCatalog(aws, id, { store, firstYear: 2026, ...props }),
      },
    },
  };
};
