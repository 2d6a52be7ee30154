import path from 'node:path';
import { GUARD, sealed } from '../../../local/seal';

/** The account and the region that the server plays. */
export const ACCOUNT = '123456789012';
export const REGION = 'us-east-1';

/** The certificate of the server, and its key, in the folder of a deployment. */
export const CERTIFICATE = 'certificate.pem';
export const KEY = 'key.pem';

/** Where the server finds the Node that runs functions, and nothing else. */
export const PROGRAMS = 'bin';

/** Where functions find the SDK, as they do on Lambda. The one of the CDK that empties buckets needs it. */
export const SDK = 'sdk';

/**
 * The whole environment of a deployment: the command line of the CDK, the clients, the server and the functions that it
 * runs. Nothing of it comes from the person's own, and Node refuses to connect to anything but this machine.
 * @throws Error when `endpoint` is not on this machine
 */
export function environment(endpoint: string, folder: string): Record<string, string> {
  const { hostname, protocol } = new URL(endpoint);
  if (protocol !== 'https:' || hostname !== '127.0.0.1') {
    throw new Error(`The endpoint must be on https://127.0.0.1, got ${endpoint}. This never deploys to anywhere else.`);
  }
  const certificate = path.join(folder, CERTIFICATE);
  return {
    ...sealed(folder),
    PATH: path.join(folder, PROGRAMS),
    TMPDIR: folder,
    CI: 'true',
    NODE_OPTIONS: GUARD.map((word) => JSON.stringify(word)).join(' '),
    NODE_EXTRA_CA_CERTS: certificate,
    // The command line of the CDK looks for it here.
    AWS_CA_BUNDLE: certificate,
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: REGION,
    // Who has this key is the root of the account that the server plays.
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    CDK_DISABLE_CLI_TELEMETRY: 'true',
    // Every stack is validated by a test.
    CDK_VALIDATION: 'false',
  };
}

/** What the server is told besides. */
export function serverEnvironment(port: number, folder: string): Record<string, string> {
  return {
    GATEWAY_PORT: String(port),
    MINISTACK_HOST: '127.0.0.1',
    MINISTACK_ACCOUNT_ID: ACCOUNT,
    MINISTACK_REGION: REGION,
    MINISTACK_SSL_CERT: path.join(folder, CERTIFICATE),
    MINISTACK_SSL_KEY: path.join(folder, KEY),
    USE_SSL: '1',
    AUTH: 'true',
    LAMBDA_EXECUTOR: 'local',
    DOCKER_HOST: 'unix:///nonexistent',
    NODE_PATH: path.join(folder, SDK),
  };
}
