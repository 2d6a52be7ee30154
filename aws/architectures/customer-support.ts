import type { Construct } from 'constructs';
import { packageHandler } from '../../shared/synth/handler-package';
import { FirehoseDelivery } from '../buffer/firehose/firehose-delivery';
import { SqsBuffer } from '../buffer/sqs/sqs-buffer';
import { ApiGatewayLookup } from '../connect/api-gateway/api-gateway-lookup';
import { EventBridgeEntry } from '../connect/eventbridge/eventbridge-entry';
import { AwsPlatform, type AwsPlatformProps } from '../foundation/platform';
import { LambdaProcessor } from '../processing/lambda/lambda-processor';
import { DynamoDbStore } from '../store/dynamodb/dynamodb-store';
import { S3Store } from '../store/s3/s3-store';

/** Customer support: orders of a shop on a bus of EventBridge, kept by Data Firehose in S3. Lambda reads each new object into DynamoDB, where an agent looks up a customer. */
export class AwsCustomerSupport extends AwsPlatform {
  constructor(scope: Construct, id: string, props: AwsPlatformProps = {}) {
    super(scope, id, {
      description: 'Orders of a shop on EventBridge, kept in S3 by Data Firehose, read by Lambda into DynamoDB, looked up by customer.',
      ...props,
    });
    const { removal, accountLogRole } = this;

    const lake = new S3Store(this, 'StoreLake', { removal });
    const delivery = new FirehoseDelivery(this, 'Buffer', { store: lake, transform: 'none' });
    const connect = new EventBridgeEntry(this, 'Connect', { sink: delivery, isCloudEvent: true, removal });
    const created = new SqsBuffer(this, 'BufferCreated', { removal });
    lake.deliverCreated(created);
    const store = new DynamoDbStore(this, 'Store', { lookUpBy: 'subject', removal });
    new LambdaProcessor(this, 'Processing', {
      code: packageHandler('aws/handlers/s3-to-dynamodb'),
      source: lake.readCreated(created),
      stores: { STORE: store },
    });
    const lookup = new ApiGatewayLookup(this, 'VisualizeCustomer', { store, accountLogRole });

    this.output({
      SendCommand: [connect.sendCommand, 'Sends one event. Log in as an identity that grantSend or a policy allows to send.'],
      LookUpCommand: [lookup.curl, `Shows the events of one customer. ${lookup.curlNeeds}`],
      DeadLettersCommand: [`aws sqs receive-message --queue-url ${created.deadLetterQueue.queueUrl}`, 'Shows what could not be processed.'],
    });
  }
}
