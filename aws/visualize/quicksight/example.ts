import { Aws, CfnParameter } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import eventSchema from '../../../shared/runtime/event.schema.json';
import { packageHandler } from '../../../shared/synth/handler-package';
import { KinesisBuffer } from '../../buffer/kinesis/kinesis-buffer';
import { ApiGatewayEntry } from '../../connect/api-gateway/api-gateway-entry';
import { allow } from '../../foundation/grants';
import { AwsPlatform, type AwsPlatformProps } from '../../foundation/platform';
import type { TableStore } from '../../ports/stores';
import { LambdaProcessor } from '../../processing/lambda/lambda-processor';
import { S3Store } from '../../store/s3/s3-store';
import { QuickSightDashboard } from './quicksight-dashboard';

/** Events are sent over HTTPS, buffered by Kinesis, processed by Lambda, stored in S3, and shown by Quick Sight, which queries a table of Athena. */
export class AwsQuicksight extends AwsPlatform {
  constructor(scope: Construct, id: string, props: AwsPlatformProps = {}) {
    super(scope, id, { description: 'Events over HTTPS, stored in S3, shown by Quick Sight over Athena.', ...props });
    const { removal, accountLogRole } = this;
    const ask = (name: string, description: string, allowedPattern: string) =>
      new CfnParameter(this, name, { description, allowedPattern }).valueAsString;
    const viewer = ask(
      'Viewer',
      'The ARN of the group of Quick Sight that sees the dashboard.',
      '^arn:aws[a-z-]*:quicksight:.+:(user|group)/.+$',
    );

    const store = new S3Store(this, 'Store', { removal });
    const buffer = new KinesisBuffer(this, 'Buffer', { removal });
    const connect = new ApiGatewayEntry(this, 'Connect', { sink: buffer, eventSchema, accountLogRole });
    new LambdaProcessor(this, 'Processing', {
      code: packageHandler('aws/handlers/kinesis-to-s3'),
      source: buffer,
      stores: { STORE: store },
    });
    const dashboard = new QuickSightDashboard(this, 'Visualize', { table: existingTable(store, ask), viewers: [viewer] });

    this.output({
      EventsUrl: [connect.url, 'Send events here, signed.'],
      SendCommand: [connect.curl, `Sends one event. ${connect.curlNeeds}`],
      DashboardUrl: [dashboard.url, 'Shows the events of the last 7 days.'],
      ShowCommand: [`aws s3 ls --recursive s3://${store.bucket.bucketName}/${store.prefix}`, 'Shows what was stored.'],
    });
  }
}

/** A table of Athena over the objects of the store, with partitions by year, month, day and hour, and the workgroup for its queries. */
function existingTable(store: S3Store, ask: (name: string, description: string, allowedPattern: string) => string): TableStore {
  const names = '^[a-z0-9_-]+$';
  const WORKGROUP = ask('WorkGroup', 'The workgroup of Athena for the queries of the dashboard.', names);
  const DATABASE = ask('Database', 'The database of the table.', names);
  const TABLE = ask('Table', 'The table over the objects of the store.', names);
  const arn = (service: string, path: string) => `arn:${Aws.PARTITION}:${service}:${Aws.REGION}:${Aws.ACCOUNT_ID}:${path}`;
  return {
    bindReader(reader, name) {
      const query = ['StartQueryExecution', 'StopQueryExecution', 'GetQueryExecution', 'GetQueryResults', 'GetWorkGroup'];
      const read = ['GetDatabase', 'GetTable', 'GetTables', 'GetPartition', 'GetPartitions', 'BatchGetPartition'];
      const tables = ['catalog', `database/${DATABASE}`, `table/${DATABASE}/${TABLE}`].map((path) => arn('glue', path));
      const waitFor = [
        ...store.bindReader(reader, name).waitFor,
        ...allow(reader, store.bucket.bucketArn, ['s3:GetBucketLocation']),
        ...allow(
          reader,
          arn('athena', `workgroup/${WORKGROUP}`),
          query.map((action) => `athena:${action}`),
        ),
        ...allow(reader, arn('athena', 'datacatalog/AwsDataCatalog'), ['athena:GetDataCatalog']),
        ...tables.flatMap((table) =>
          allow(
            reader,
            table,
            read.map((action) => `glue:${action}`),
          ),
        ),
      ];
      return {
        settings: Object.fromEntries(Object.entries({ WORKGROUP, DATABASE, TABLE }).map(([key, value]) => [`${name}_${key}`, value])),
        waitFor,
      };
    },
    bindWriter() {
      throw new Error('Write to the store.');
    },
  };
}
