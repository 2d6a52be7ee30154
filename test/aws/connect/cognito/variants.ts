import type { Stack } from 'aws-cdk-lib';
import { UserPool } from 'aws-cdk-lib/aws-cognito';
import { SqsBuffer } from '../../../../aws/buffer/sqs/sqs-buffer';
import { ApiGatewayEntry } from '../../../../aws/connect/api-gateway/api-gateway-entry';
import { CognitoAuthorizer, type CognitoAuthorizerProps } from '../../../../aws/connect/cognito/cognito-authorizer';

const entry = (stack: Stack, props: CognitoAuthorizerProps = {}) => {
  const senders = new CognitoAuthorizer(stack, 'Senders', props);
  return new ApiGatewayEntry(stack, 'Connect', { sink: new SqsBuffer(stack, 'Buffer'), eventSchema: {}, ...senders.forApi('Events') });
};

/** Settings of an authorizer that change findings of cdk-nag. */
export const variants = {
  defaults: (stack: Stack) => entry(stack),
  'people, and data that goes with the stack': (stack: Stack) =>
    entry(stack, { clients: { app: { kind: 'people', callbackUrls: ['https://app.example.com/'] } }, removal: 'destroy' }),
  'a user pool that is there': (stack: Stack) =>
    entry(stack, { userPool: UserPool.fromUserPoolId(stack, 'Mine', 'eu-west-1_people'), domain: 'auth.example.com' }),
};
