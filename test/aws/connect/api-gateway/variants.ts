import type { Stack } from 'aws-cdk-lib';
import { CognitoUserPoolsAuthorizer } from 'aws-cdk-lib/aws-apigateway';
import { UserPool } from 'aws-cdk-lib/aws-cognito';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { ApiGatewayLookup, type ApiGatewayLookupProps } from '../../../../aws/connect/api-gateway/api-gateway-lookup';
import { DynamoDbStore } from '../../../../aws/store/dynamodb/dynamodb-store';

const lookUp = (stack: Stack, props: Partial<ApiGatewayLookupProps> = {}) =>
  new ApiGatewayLookup(stack, 'LookUp', { store: new DynamoDbStore(stack, 'Store', { lookUpBy: 'subject' }), ...props });

/** Settings of a look-up API that change findings of cdk-nag. */
export const variants = {
  defaults: (stack: Stack) => lookUp(stack),
  'the role for the logs of API Gateway': (stack: Stack) => lookUp(stack, { accountLogRole: 'create' }),
  'a log group of the user': (stack: Stack) => lookUp(stack, { accessLog: LogGroup.fromLogGroupName(stack, 'Log', 'mine') }),
  'people who log in': (stack: Stack) => {
    const cognitoUserPools = [UserPool.fromUserPoolId(stack, 'People', 'eu-west-1_people')];
    return lookUp(stack, { authorizer: new CognitoUserPoolsAuthorizer(stack, 'Login', { cognitoUserPools }) });
  },
};
