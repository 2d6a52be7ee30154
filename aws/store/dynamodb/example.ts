import type { Construct } from 'constructs';
import eventSchema from '../../../shared/runtime/event.schema.json';
import { packageHandler } from '../../../shared/synth/handler-package';
import { SqsBuffer } from '../../buffer/sqs/sqs-buffer';
import { ApiGatewayEntry } from '../../connect/api-gateway/api-gateway-entry';
import { AwsPlatform, type AwsPlatformProps } from '../../foundation/platform';
import { LambdaProcessor } from '../../processing/lambda/lambda-processor';
import { S3Store } from '../s3/s3-store';
import { DynamoDbStore } from './dynamodb-store';

/** Events are sent over HTTPS, queued by SQS, processed by Lambda, and stored as rows in DynamoDB; its changes are stored in S3. */
export class AwsDynamoDb extends AwsPlatform {
  constructor(scope: Construct, id: string, props: AwsPlatformProps = {}) {
    super(scope, id, { description: 'Events over HTTPS, queued by SQS, processed by Lambda, stored in DynamoDB.', ...props });
    const { removal, accountLogRole } = this;

    const store = new DynamoDbStore(this, 'Store', { lookUpBy: 'subject', changes: true, removal });
    const history = new S3Store(this, 'StoreHistory', { prefix: 'changes/', removal });
    const buffer = new SqsBuffer(this, 'Buffer', { removal });
    const connect = new ApiGatewayEntry(this, 'Connect', { sink: buffer, eventSchema, accountLogRole });
    new LambdaProcessor(this, 'Processing', {
      code: packageHandler('aws/handlers/sqs-to-dynamodb'),
      source: buffer,
      stores: { STORE: store },
    });
    new LambdaProcessor(this, 'ProcessingChanges', {
      name: 'changes',
      code: packageHandler('aws/handlers/dynamodb-to-s3'),
      source: store.changes,
      stores: { STORE: history },
    });

    const bySubject = `--index-name by-subject --key-condition-expression 'subject = :s' --expression-attribute-values`;
    this.output({
      EventsUrl: [connect.url, 'Send events here, signed.'],
      SendCommand: [connect.curl, `Sends one event. ${connect.curlNeeds}`],
      ShowCommand: [
        `aws dynamodb query --table-name ${store.table.tableName} ${bySubject} '{":s":{"S":"press 7"}}'`,
        'Shows the rows of one subject.',
      ],
      DeadLettersCommand: [`aws sqs receive-message --queue-url ${buffer.deadLetterQueue.queueUrl}`, 'Shows what could not be processed.'],
    });
  }
}
