import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { KinesisClient } from '@aws-sdk/client-kinesis';
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { ACCOUNT } from './environment';

type Credentials = { readonly accessKeyId: string; readonly secretAccessKey: string; readonly sessionToken: string };

/** The official clients, with the rights of one identity. Where they call is said by the environment. */
export interface Clients {
  readonly cloudFormation: CloudFormationClient;
  readonly kinesis: KinesisClient;
  readonly logs: CloudWatchLogsClient;
  readonly s3: S3Client;
  readonly sqs: SQSClient;
  readonly sts: STSClient;
}

/** With the rights of `credentials`; without, of the whole account. */
export function clients(credentials?: Credentials): Clients {
  const patience = { connectionTimeout: 3_000, requestTimeout: 20_000, throwOnRequestTimeout: true };
  const s3 = new S3Client({ credentials, requestHandler: patience });
  // Of HTTP/2, which Kinesis would speak, the server cannot verify a signature.
  const options = { credentials, requestHandler: s3.config.requestHandler };
  return {
    s3,
    cloudFormation: new CloudFormationClient(options),
    kinesis: new KinesisClient(options),
    logs: new CloudWatchLogsClient(options),
    sqs: new SQSClient(options),
    sts: new STSClient(options),
  };
}

/** The clients with the rights of a role, as the service has them that assumes it. */
export async function withRightsOf({ sts }: Clients, role: string): Promise<Clients> {
  const RoleArn = `arn:aws:iam::${ACCOUNT}:role/${role}`;
  const { Credentials } = await sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'rehearsal' }));
  return clients({
    accessKeyId: Credentials!.AccessKeyId!,
    secretAccessKey: Credentials!.SecretAccessKey!,
    sessionToken: Credentials!.SessionToken!,
  });
}
