import type { Construct } from 'constructs';
import eventSchema from '../../../shared/runtime/event.schema.json';
import { packageHandler } from '../../../shared/synth/handler-package';
import { SqsBuffer } from '../../buffer/sqs/sqs-buffer';
import { AwsPlatform, type AwsPlatformProps } from '../../foundation/platform';
import { LambdaProcessor } from '../../processing/lambda/lambda-processor';
import { DynamoDbStore } from '../../store/dynamodb/dynamodb-store';
import { ApiGatewayEntry } from './api-gateway-entry';
import { ApiGatewayLookup } from './api-gateway-lookup';

/** Events are sent over HTTPS, queued by SQS, stored as rows in DynamoDB by Lambda, and looked up over HTTPS by a field of yours. */
export class AwsApiGateway extends AwsPlatform {
  constructor(scope: Construct, id: string, props: AwsPlatformProps = {}) {
    super(scope, id, { description: 'Events over HTTPS, stored in DynamoDB, looked up over HTTPS.', ...props });
    const { removal, accountLogRole } = this;

    const store = new DynamoDbStore(this, 'Store', { lookUpBy: 'subject', removal });
    const buffer = new SqsBuffer(this, 'Buffer', { removal });
    const connect = new ApiGatewayEntry(this, 'Connect', { sink: buffer, eventSchema, accountLogRole });
    new LambdaProcessor(this, 'Processing', {
      code: packageHandler('aws/handlers/sqs-to-dynamodb'),
      source: buffer,
      stores: { STORE: store },
    });
    const lookUp = new ApiGatewayLookup(this, 'VisualizeRows', { store });
    if (accountLogRole === 'create') lookUp.node.addDependency(connect.api);

    this.output({
      EventsUrl: [connect.url, 'Send events here, signed.'],
      SendCommand: [connect.curl, `Sends one event. ${connect.curlNeeds}`],
      RowsUrl: [lookUp.url, 'Look up rows here, signed.'],
      ShowCommand: [lookUp.curl, `Shows the rows of one subject. ${lookUp.curlNeeds}`],
      DeadLettersCommand: [`aws sqs receive-message --queue-url ${buffer.deadLetterQueue.queueUrl}`, 'Shows what could not be processed.'],
    });
  }
}
