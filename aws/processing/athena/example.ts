import type { Construct } from 'constructs';
import eventSchema from '../../../shared/runtime/event.schema.json';
import { packageHandler } from '../../../shared/synth/handler-package';
import { SqsBuffer } from '../../buffer/sqs/sqs-buffer';
import { ApiGatewayEntry } from '../../connect/api-gateway/api-gateway-entry';
import { AwsPlatform, type AwsPlatformProps } from '../../foundation/platform';
import { S3Store } from '../../store/s3/s3-store';
import { GlueCatalog } from '../glue/glue-catalog';
import { LambdaProcessor } from '../lambda/lambda-processor';
import { AthenaQuery } from './athena-query';

/** Events are sent over HTTPS, queued by SQS, stored in an S3 bucket by Lambda, and queried in SQL with Athena. */
export class AwsAthena extends AwsPlatform {
  constructor(scope: Construct, id: string, props: AwsPlatformProps = {}) {
    super(scope, id, { description: 'Events over HTTPS, queued by SQS, stored in S3, queried in SQL with Athena.', ...props });
    const { removal, accountLogRole } = this;

    const store = new S3Store(this, 'Store', { removal });
    const buffer = new SqsBuffer(this, 'Buffer', { removal });
    const connect = new ApiGatewayEntry(this, 'Connect', { sink: buffer, eventSchema, accountLogRole });
    new LambdaProcessor(this, 'Processing', {
      code: packageHandler('aws/handlers/sqs-to-s3'),
      source: buffer,
      stores: { STORE: store },
    });
    const catalog = new GlueCatalog(this, 'Catalog', { store, firstYear: 2026 });
    const query = new AthenaQuery(this, 'Query', { catalog, removal });

    this.output({
      EventsUrl: [connect.url, 'Send events here, signed.'],
      SendCommand: [connect.curl, `Sends one event. ${connect.curlNeeds}`],
      QueryCommand: [query.queryCommand, 'Starts a query for events of today, and prints its id for aws athena get-query-results.'],
    });
  }
}
