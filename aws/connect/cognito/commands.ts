import { Token } from 'aws-cdk-lib';

/** What the commands name: no secret is in them. */
interface Named {
  /** The address of the pages and of the tokens. */
  readonly url: string;
  readonly userPoolId: string;
  readonly clientId: string;
  /** The scopes of the token, as `server/scope`. */
  readonly scopes: readonly string[];
}

/** The access token in the answer of Cognito. */
const ACCESS_TOKEN = `sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/'`;

/**
 * A command that puts a token of a machine into the variable TOKEN. It reads the secret of the client first.
 * @see https://docs.aws.amazon.com/cognito/latest/developerguide/token-endpoint.html
 */
export function tokenCommandOf({ url, userPoolId, clientId, scopes }: Named): string {
  const client = `--user-pool-id ${userPoolId} --client-id ${clientId}`;
  const secret = `aws cognito-idp describe-user-pool-client ${client} --query UserPoolClient.ClientSecret --output text`;
  const asked = `-d grant_type=client_credentials --data-urlencode 'scope=${scopes.join(' ')}'`;
  return `TOKEN=$(curl -fsS -u "${clientId}:$(${secret})" ${asked} ${url}/oauth2/token | ${ACCESS_TOKEN})`;
}

/**
 * Commands that print the address where a person signs in, and put a token for the code that follows into the variable TOKEN.
 * @see https://docs.aws.amazon.com/cognito/latest/developerguide/using-pkce-in-authorization-code.html
 */
export function signInCommandOf({ url, clientId, scopes, callbackUrl }: Omit<Named, 'userPoolId'> & { callbackUrl: string }): string {
  const redirect = Token.isUnresolved(callbackUrl) ? callbackUrl : encodeURIComponent(callbackUrl);
  const asked = `response_type=code&client_id=${clientId}&redirect_uri=${redirect}&scope=${scopes.join('+')}`;
  const base64Url = `openssl base64 -A | tr '+/' '-_' | tr -d =`;
  return [
    'VERIFIER=$(openssl rand -hex 32)',
    `CHALLENGE=$(printf %s "$VERIFIER" | openssl dgst -sha256 -binary | ${base64Url})`,
    `echo "${url}/oauth2/authorize?${asked}&code_challenge_method=S256&code_challenge=$CHALLENGE"`,
    'read -r CODE',
    `TOKEN=$(curl -fsS -d grant_type=authorization_code -d client_id=${clientId} --data-urlencode 'redirect_uri=${callbackUrl}' ` +
      `-d "code=$CODE" -d "code_verifier=$VERIFIER" ${url}/oauth2/token | ${ACCESS_TOKEN})`,
  ].join('; ');
}
