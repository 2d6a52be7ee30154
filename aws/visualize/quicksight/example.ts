import { CfnParameter } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import eventSchema from '../../../shared/runtime/event.schema.json';
import { packageHandler } from '../../../shared/synth/handler-package';
import { KinesisBuffer } from '../../buffer/kinesis/kinesis-buffer';
import { ApiGatewayEntry } from '../../connect/api-gateway/api-gateway-entry';
import { AwsPlatform, type AwsPlatformProps } from '../../foundation/platform';
import { AthenaQuery } from '../../processing/athena/athena-query';
import { GlueCatalog } from '../../processing/glue/glue-catalog';
import { LambdaProcessor } from '../../processing/lambda/lambda-processor';
import { S3Store } from '../../store/s3/s3-store';
import { QuickSightDashboard } from './quicksight-dashboard';

/** Events are sent over HTTPS, buffered by Kinesis, processed by Lambda, stored in S3, and shown by Quick Sight, which queries them with Athena. */
export class AwsQuicksight extends AwsPlatform {
  constructor(scope: Construct, id: string, props: AwsPlatformProps = {}) {
    super(scope, id, { description: 'Events over HTTPS, stored in S3, queried with Athena, shown by Quick Sight.', ...props });
    const { removal, accountLogRole } = this;
    const viewer = new CfnParameter(this, 'Viewer', {
      description: 'The ARN of the group of Quick Sight that sees the dashboard.',
      allowedPattern: '^arn:aws[a-z-]*:quicksight:.+:(user|group)/.+$',
    });

    const store = new S3Store(this, 'Store', { removal });
    const buffer = new KinesisBuffer(this, 'Buffer', { removal });
    const connect = new ApiGatewayEntry(this, 'Connect', { sink: buffer, eventSchema, accountLogRole });
    new LambdaProcessor(this, 'Processing', {
      code: packageHandler('aws/handlers/kinesis-to-s3'),
      source: buffer,
      stores: { STORE: store },
    });
    const catalog = new GlueCatalog(this, 'Catalog', { store, firstYear: 2026 });
    const table = new AthenaQuery(this, 'Query', { catalog, removal });
    const dashboard = new QuickSightDashboard(this, 'Visualize', { table, viewers: [viewer.valueAsString] });

    this.output({
      EventsUrl: [connect.url, 'Send events here, signed.'],
      SendCommand: [connect.curl, `Sends one event. ${connect.curlNeeds}`],
      DashboardUrl: [dashboard.url, 'Shows the events of the last 7 days.'],
      ShowCommand: [`aws s3 ls --recursive s3://${store.bucket.bucketName}/${store.prefix}`, 'Shows what was stored.'],
    });
  }
}
