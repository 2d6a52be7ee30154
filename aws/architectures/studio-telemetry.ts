import { CfnParameter, Duration } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import eventSchema from '../../shared/runtime/event.schema.json';
import { packageHandler } from '../../shared/synth/handler-package';
import { FirehoseDelivery } from '../buffer/firehose/firehose-delivery';
import { SqsBuffer } from '../buffer/sqs/sqs-buffer';
import { ApiGatewayEntry } from '../connect/api-gateway/api-gateway-entry';
import { CognitoAuthorizer } from '../connect/cognito/cognito-authorizer';
import { AwsPlatform, type AwsPlatformProps } from '../foundation/platform';
import { LambdaProcessor } from '../processing/lambda/lambda-processor';
import { DynamoDbStore } from '../store/dynamodb/dynamodb-store';
import { S3Store } from '../store/s3/s3-store';

/** Studios that can be offline: their servers and the apps of people send with tokens of Cognito. Metrics are queued by SQS and stored in DynamoDB, telemetry is stored in S3 by Data Firehose, by the day of the event. */
export class AwsStudioTelemetry extends AwsPlatform {
  constructor(scope: Construct, id: string, props: AwsPlatformProps = {}) {
    super(scope, id, { description: 'Metrics of studios in DynamoDB and telemetry in S3, sent with tokens of Cognito.', ...props });
    const { removal, accountLogRole } = this;
    const callbackUrl = new CfnParameter(this, 'CallbackUrl', {
      description: 'Where the app of people gets the code after a sign-in.',
      allowedPattern: '^(https://|http://localhost[:/])[A-Za-z0-9._:/-]*$',
      default: 'http://localhost:8080/',
    });

    const senders = new CognitoAuthorizer(this, 'ConnectSenders', {
      scopes: { metrics: 'Send metrics.', telemetry: 'Send telemetry.' },
      clients: {
        studio: { kind: 'machine' },
        app: { kind: 'people', scopes: ['metrics'], callbackUrls: [callbackUrl.valueAsString] },
      },
      removal,
    });

    const store = new DynamoDbStore(this, 'Store', { lookUpBy: 'subject', removal });
    const buffer = new SqsBuffer(this, 'Buffer', { retention: Duration.days(14), removal });
    const connect = new ApiGatewayEntry(this, 'Connect', {
      sink: buffer,
      eventSchema,
      accountLogRole,
      ...senders.forApi('Metrics', ['metrics']),
    });
    new LambdaProcessor(this, 'Processing', {
      code: packageHandler('aws/handlers/sqs-to-dynamodb'),
      source: buffer,
      stores: { STORE: store },
    });

    const lake = new S3Store(this, 'StoreTelemetry', { prefix: 'telemetry/', removal });
    const delivery = new FirehoseDelivery(this, 'BufferTelemetry', { store: lake, partitionBy: { event_day: '.time[0:10]' } });
    const telemetry = new ApiGatewayEntry(this, 'ConnectTelemetry', {
      sink: delivery,
      eventSchema,
      ...senders.forApi('Telemetry', ['telemetry']),
    });
    if (accountLogRole === 'create') telemetry.node.addDependency(connect.api);

    const objects = (prefix: string) => `aws s3 ls --recursive s3://${lake.bucket.bucketName}/${prefix}`;
    this.output({
      StudioTokenCommand: [senders.tokenCommand('studio'), 'Puts a token of a studio into TOKEN. It reads the secret as an administrator.'],
      SignInCommand: [
        senders.signInCommand('app'),
        'Puts a token of a person into TOKEN. Enter the code of the address after the sign-in.',
      ],
      MetricsUrl: [connect.url, 'Send metrics here, with a token.'],
      SendMetricCommand: [connect.curl, `Sends one metric. ${connect.curlNeeds}`],
      TelemetryUrl: [telemetry.url, 'Send telemetry here, with a token of a studio.'],
      SendTelemetryCommand: [telemetry.curl, `Sends one event of telemetry. ${telemetry.curlNeeds}`],
      ShowMetricsCommand: [`aws dynamodb scan --max-items 10 --table-name ${store.table.tableName}`, 'Shows some of the metrics.'],
      ShowTelemetryCommand: [objects(lake.prefix), 'Shows the telemetry that was stored, 5 minutes after it was sent.'],
      DeadLettersCommand: [
        `aws sqs receive-message --queue-url ${buffer.deadLetterQueue.queueUrl}`,
        'Shows metrics that could not be processed.',
      ],
      FailedCommand: [objects(delivery.failedPrefix), 'Shows telemetry that could not be processed.'],
    });
  }
}
