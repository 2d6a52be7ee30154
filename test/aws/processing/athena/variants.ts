import type { Stack } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { answerCommonFindings } from '../../../../aws/foundation/answers';
import { AthenaQuery } from '../../../../aws/processing/athena/athena-query';
import { GlueCatalog } from '../../../../aws/processing/glue/glue-catalog';
import { S3Store } from '../../../../aws/store/s3/s3-store';

/** Settings that change findings of cdk-nag. */
export const variants = {
  'a reader': (stack: Stack) => {
    const catalog = new GlueCatalog(stack, 'Catalog', { store: new S3Store(stack, 'Store'), firstYear: 2026 });
    const role = new Role(stack, 'Role', { assumedBy: new ServicePrincipal('ecs.amazonaws.com') });
    new AthenaQuery(stack, 'Query', { catalog }).bindReader(Object.assign(new Construct(stack, 'Reader'), { role }), 'EVENTS');
    answerCommonFindings(role);
  },
};
