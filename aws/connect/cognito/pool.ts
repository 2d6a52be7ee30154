import { Aws, Fn, Names, RemovalPolicy } from 'aws-cdk-lib';
import { AccountRecovery, FeaturePlan, Mfa, UserPool } from 'aws-cdk-lib/aws-cognito';
import type { Construct } from 'constructs';
import { acknowledge } from '../../foundation/acknowledge';

/**
 * A user pool for people who are invited by an administrator, with their email address as user name, and with a one-time password of
 * an app at every sign-in.
 */
export function makePool(scope: Construct, removalPolicy: RemovalPolicy): UserPool {
  const pool = new UserPool(scope, 'People', {
    selfSignUpEnabled: false,
    signInAliases: { email: true },
    signInCaseSensitive: false,
    accountRecovery: AccountRecovery.EMAIL_ONLY,
    mfa: Mfa.REQUIRED,
    // Without it, the CDK adds text messages, with a role that may send to every topic.
    mfaSecondFactor: { otp: true, sms: false },
    passwordPolicy: { minLength: 12, requireLowercase: true, requireUppercase: true, requireDigits: true, requireSymbols: true },
    featurePlan: FeaturePlan.ESSENTIALS,
    deletionProtection: removalPolicy !== RemovalPolicy.DESTROY,
    removalPolicy,
  });
  return acknowledge(pool, {
    'AwsSolutions-COG8': 'The plan Plus adds threat protection for more money per person. For it, give a user pool of yours.',
  });
}

/**
 * A prefix that is unique in its region, over all accounts. It is made from the id of the stack, because Cognito allows neither a
 * generated name nor one with `aws` or `cognito` in it, which names of stacks often have.
 */
export function uniquePrefix(scope: Construct): string {
  const hash = Names.nodeUniqueId(scope.node).slice(-8).toLowerCase();
  return `events-${hash}-${Fn.select(2, Fn.split('/', Aws.STACK_ID))}`;
}
