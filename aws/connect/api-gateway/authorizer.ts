import { Aws } from 'aws-cdk-lib';
import { AuthorizationType, type IAuthorizer } from 'aws-cdk-lib/aws-apigateway';
import type { Construct } from 'constructs';
import { requireTexts, SettingError, type TextRule } from '../../../shared/synth/settings';

const SCOPE: TextRule = {
  pattern: /^[\x21\x23-\x5B\x5D-\x7E]{1,512}$/,
  must: 'be OAuth scopes of a resource server',
  remedy: "Write them like ['events/send'].",
};

/**
 * The command that sends the event in `event.json`. With IAM it signs with the credentials of the AWS CLI: keys, a profile, or
 * single sign-on. With any other authorizer it sends the variable TOKEN.
 */
export function sendCommand(url: string, authorizer?: IAuthorizer): string {
  return curlWith(`-H 'content-type: application/json' -d @event.json ${url}`, authorizer);
}

/** A `curl` command with these arguments, signed or with a token. */
export function curlWith(request: string, authorizer?: IAuthorizer): string {
  if (isIam(authorizer)) {
    return (
      'eval "$(aws configure export-credentials --format env)" && ' +
      `curl --aws-sigv4 aws:amz:${Aws.REGION}:execute-api --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" ` +
      `-H "x-amz-security-token: $AWS_SESSION_TOKEN" ${request}`
    );
  }
  return `curl -H "Authorization: $TOKEN" ${request}`;
}

/**
 * What the command requires, as a sentence.
 * @param allowed what an identity of IAM must be
 */
export function sendNeeds(authorizer?: IAuthorizer, allowed = 'that grantSend or a policy allows to send'): string {
  if (isIam(authorizer)) return `Log in with the AWS CLI, version 2, as an identity ${allowed}.`;
  const token = isCognito(authorizer)
    ? 'a token of the user pool (an access token with one of the scopes, if authorizationScopes is set)'
    : 'the token that the authorizer requires';
  return `Put ${token} into TOKEN.`;
}

/** Whether senders sign their requests, and require a permission. */
export function isIam(authorizer?: IAuthorizer): boolean {
  return (authorizer?.authorizationType ?? AuthorizationType.IAM) === AuthorizationType.IAM;
}

export function isCognito(authorizer?: IAuthorizer): boolean {
  return authorizer?.authorizationType === AuthorizationType.COGNITO;
}

/**
 * Refuse scopes without a Cognito authorizer, because nothing would check them.
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
    'Set authorizer to a CognitoUserPoolsAuthorizer, or leave the scopes out.',
  );
}
