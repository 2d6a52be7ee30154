import type { Construct } from 'constructs';
import eventSchema from '../../../shared/runtime/event.schema.json';
import { packageHandler } from '../../../shared/synth/handler-package';
import { SqsBuffer } from '../../buffer/sqs/sqs-buffer';
import { ApiGatewayEntry } from '../../connect/api-gateway/api-gateway-entry';
import { PrivateNetwork } from '../../foundation/network';
import { AwsPlatform, type AwsPlatformProps } from '../../foundation/platform';
import { LambdaProcessor } from '../../processing/lambda/lambda-processor';
import { AuroraStore } from './aurora-store';

/** Events are sent over HTTPS, queued by SQS, processed by Lambda, and stored as rows in Aurora PostgreSQL. */
export class AwsAurora extends AwsPlatform {
  constructor(scope: Construct, id: string, props: AwsPlatformProps = {}) {
    super(scope, id, { description: 'Events over HTTPS, queued by SQS, processed by Lambda, stored in Aurora PostgreSQL.', ...props });
    const { removal, accountLogRole } = this;

    const network = new PrivateNetwork(this, 'Network', { removal });
    const store = new AuroraStore(this, 'Store', { network, removal });
    const buffer = new SqsBuffer(this, 'Buffer', { removal });
    const connect = new ApiGatewayEntry(this, 'Connect', { sink: buffer, eventSchema, accountLogRole });
    new LambdaProcessor(this, 'Processing', {
      code: packageHandler('aws/handlers/sqs-to-aurora'),
      source: buffer,
      stores: { STORE: store },
    });

    const { cluster, readerSecret } = store;
    const query = `--resource-arn ${cluster.clusterArn} --secret-arn ${readerSecret.secretArn} --database events`;
    this.output({
      EventsUrl: [connect.url, 'Send events here, signed.'],
      SendCommand: [connect.curl, `Sends one event. ${connect.curlNeeds}`],
      ShowCommand: [`aws rds-data execute-statement ${query} --sql 'select * from events limit 10'`, 'Shows what was stored.'],
      DeadLettersCommand: [`aws sqs receive-message --queue-url ${buffer.deadLetterQueue.queueUrl}`, 'Shows what could not be processed.'],
    });
  }
}
