import { CfnParameter } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import eventSchema from '../../shared/runtime/event.schema.json';
import { FirehoseDelivery } from '../buffer/firehose/firehose-delivery';
import { KinesisBuffer } from '../buffer/kinesis/kinesis-buffer';
import { ApiGatewayEntry } from '../connect/api-gateway/api-gateway-entry';
import { AwsPlatform, type AwsPlatformProps } from '../foundation/platform';
import { AthenaQuery } from '../processing/athena/athena-query';
import { GlueCatalog } from '../processing/glue/glue-catalog';
import { S3Store } from '../store/s3/s3-store';
import { QuickSightDashboard } from '../visualize/quicksight/quicksight-dashboard';

/** A serverless lake: events over HTTPS in a Kinesis stream, stored by Data Firehose as Parquet in S3, queried with Athena, shown by Quick Sight. */
export class AwsServerlessLake extends AwsPlatform {
  constructor(scope: Construct, id: string, props: AwsPlatformProps = {}) {
    super(scope, id, {
      description: 'Events over HTTPS, stored as Parquet in S3 by Data Firehose, queried with Athena, shown by Quick Sight.',
      ...props,
    });
    const { removal, accountLogRole } = this;

    const store = new S3Store(this, 'Store', { removal });
    const catalog = new GlueCatalog(this, 'Catalog', { store, format: 'parquet', firstYear: 2026 });
    const buffer = new KinesisBuffer(this, 'Buffer', { removal });
    const connect = new ApiGatewayEntry(this, 'Connect', { sink: buffer, eventSchema, accountLogRole });
    const delivery = new FirehoseDelivery(this, 'Processing', { source: buffer, store: catalog });
    const query = new AthenaQuery(this, 'Query', { catalog, removal });
    const viewer = new CfnParameter(this, 'Viewer', {
      description: 'The ARN of the group of Quick Sight that sees the dashboard.',
      allowedPattern: '^arn:aws[a-z-]*:quicksight:.+:(user|group)/.+$',
    });
    const dashboard = new QuickSightDashboard(this, 'Visualize', { table: query, viewers: [viewer.valueAsString] });

    this.output({
      EventsUrl: [connect.url, 'Send events here, signed.'],
      SendCommand: [connect.curl, `Sends one event. ${connect.curlNeeds}`],
      DashboardUrl: [dashboard.url, 'Shows the events of the last 7 days.'],
      QueryCommand: [query.queryCommand, 'Starts a query for events of today, and prints its id for aws athena get-query-results.'],
      FailedCommand: [
        `aws s3 ls --recursive s3://${store.bucket.bucketName}/${delivery.failedPrefix}`,
        'Shows what could not be processed.',
      ],
    });
  }
}
