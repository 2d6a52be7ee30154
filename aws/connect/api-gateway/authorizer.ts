import { Aws } from 'aws-cdk-lib';
import { AuthorizationType, type IAuthorizer } from 'aws-cdk-lib/aws-apigateway';
import type { Construct } from 'constructs';
import { requireTexts, SettingError, type TextRule } from '../../../shared/synth/settings';

const SCOPE: TextRule = {
  pattern: /^[\x21\x23-\x5B\x5D-\x7E]{1,512}$/,
  must: 'be scopes of a resource server',
  remedy: "Write them like ['events/send'].",
};

/**
 * The command that sends the event in `event.json`. With IAM it signs as whoever the AWS command line is logged in as: keys,
 * a profile, or single sign-on. With any other authorizer it sends what is in TOKEN.
 */
export function sendCommand(url: string, authorizer?: IAuthorizer): string {
  const event = `-H 'content-type: application/json' -d @event.json ${url}`;
  if (isIam(authorizer)) {
    return (
      'eval "$(aws configure export-credentials --format env)" && ' +
      `curl --aws-sigv4 aws:amz:${Aws.REGION}:execute-api --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" ` +
      `-H "x-amz-security-token: $AWS_SESSION_TOKEN" ${event}`
    );
  }
  return `curl -H "Authorization: $TOKEN" ${event}`;
}

/** What whoever sends must have, as a sentence. */
export function sendNeeds(authorizer?: IAuthorizer): string {
  if (isIam(authorizer)) return 'Whoever runs it is logged in with the AWS command line, version 2, and needs a grant such as grantSend.';
  const token = isCognito(authorizer) ? 'a token of the user pool: of its scopes where some are asked for' : 'what the authorizer asks for';
  return `Put ${token} into TOKEN.`;
}

/** Whether callers sign their requests, and need a permission. */
export function isIam(authorizer?: IAuthorizer): boolean {
  return (authorizer?.authorizationType ?? AuthorizationType.IAM) === AuthorizationType.IAM;
}

export function isCognito(authorizer?: IAuthorizer): boolean {
  return authorizer?.authorizationType === AuthorizationType.COGNITO;
}

/**
 * Refuse scopes that nobody looks at.
 * @throws SettingError
 */
export function requireScopes(scope: Construct, authorizer?: IAuthorizer, authorizationScopes?: readonly string[]) {
  requireTexts(scope, { authorizationScopes }, SCOPE);
  if (authorizationScopes === undefined || (isCognito(authorizer) && authorizationScopes.length > 0)) return;
  const got = authorizationScopes.length === 0 ? 'an empty list' : 'scopes without one';
  throw new SettingError(
    scope,
    'authorizationScopes must go with a Cognito authorizer',
    got,
    'Give a CognitoUserPoolsAuthorizer, or leave them out.',
  );
}
