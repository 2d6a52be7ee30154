import { CfnParameter } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import eventSchema from '../../../shared/runtime/event.schema.json';
import { packageHandler } from '../../../shared/synth/handler-package';
import { SqsBuffer } from '../../buffer/sqs/sqs-buffer';
import { AwsPlatform, type AwsPlatformProps } from '../../foundation/platform';
import { LambdaProcessor } from '../../processing/lambda/lambda-processor';
import { S3Store } from '../../store/s3/s3-store';
import { ApiGatewayEntry } from '../api-gateway/api-gateway-entry';
import { CognitoAuthorizer } from './cognito-authorizer';

/** Machines with a secret and people who sign in get a token of Cognito, and send events with it over HTTPS. They are queued by SQS, and stored in an S3 bucket by Lambda. */
export class AwsCognito extends AwsPlatform {
  constructor(scope: Construct, id: string, props: AwsPlatformProps = {}) {
    super(scope, id, { description: 'Events over HTTPS with tokens of Cognito, queued by SQS, stored in S3 by Lambda.', ...props });
    const { removal, accountLogRole } = this;
    const description = 'Where the app of people gets the code after a sign-in.';
    const allowedPattern = '^(https://|http://localhost[:/])[A-Za-z0-9._:/-]*$';
    const callbackUrl = new CfnParameter(this, 'CallbackUrl', { description, allowedPattern, default: 'http://localhost:8080/' });

    const store = new S3Store(this, 'Store', { removal });
    const buffer = new SqsBuffer(this, 'Buffer', { removal });
    const senders = new CognitoAuthorizer(this, 'ConnectSenders', {
      clients: { sender: { kind: 'machine' }, app: { kind: 'people', callbackUrls: [callbackUrl.valueAsString] } },
      removal,
    });
    const connect = new ApiGatewayEntry(this, 'Connect', { sink: buffer, eventSchema, accountLogRole, ...senders.forApi('Events') });
    new LambdaProcessor(this, 'Processing', { code: packageHandler('aws/handlers/sqs-to-s3'), source: buffer, stores: { STORE: store } });

    this.output({
      EventsUrl: [connect.url, 'Send events here, with a token.'],
      TokenCommand: [senders.tokenCommand('sender'), 'Puts a token of the machine into TOKEN. It reads the secret as an administrator.'],
      SignInCommand: [
        senders.signInCommand('app'),
        'Puts a token of a person into TOKEN. Enter the code of the address after the sign-in.',
      ],
      SendCommand: [connect.curl, `Sends one event. ${connect.curlNeeds}`],
      ShowCommand: [`aws s3 ls --recursive s3://${store.bucket.bucketName}/${store.prefix}`, 'Shows what was stored.'],
      DeadLettersCommand: [`aws sqs receive-message --queue-url ${buffer.deadLetterQueue.queueUrl}`, 'Shows what could not be processed.'],
    });
  }
}
