import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { type Grant, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, Code, Function as LambdaFunction, LoggingFormat, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { IDatabaseCluster } from 'aws-cdk-lib/aws-rds';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import { Trigger } from 'aws-cdk-lib/triggers';
import { Construct } from 'constructs';
import { packageCode } from '../../../shared/synth/handler-package';
import type { Workload } from '../../ports/identity';
import { acknowledge, type Reasons } from '../acknowledge';
import { answerCommonFindings } from '../answers';
import { allow } from '../grants';

const CALLED_BY_DEPLOY = 'Only a deploy calls it, and waits for its response.';
const FUNCTION: Reasons = {
  'CKV_AWS_115, NIST.800.53.R5-LambdaConcurrency': CALLED_BY_DEPLOY,
  'CKV_AWS_116, NIST.800.53.R5-LambdaDLQ': CALLED_BY_DEPLOY,
  'CKV_AWS_117, NIST.800.53.R5-LambdaInsideVPC':
    'It calls only services of AWS, over TLS and with its role. In a VPC, each of them would cost an interface endpoint.',
  CKV_AWS_173: 'The variables contain names and no secrets. Lambda encrypts them with its own key.',
};

/** Settings for {@link SqlMigration}. */
export interface SqlMigrationProps {
  readonly cluster: IDatabaseCluster;
  readonly database: string;
  /** The secret of the user that creates tables and users. */
  readonly master: ISecret;
  readonly writer: ISecret;
  readonly reader: ISecret;
}

/**
 * A function that is called during a deploy: over the RDS Data API, it creates the table `events` and the users `writer` and
 * `reader`, each with the password of its secret. Nothing else, and no person, logs in as the master user.
 *
 * It is called again when an SQL file, its code or its settings change. A deploy that is rolled back does not roll back SQL:
 * write statements that only add. After you change the password in a secret, call the function by hand.
 */
export class SqlMigration extends Construct implements Workload {
  readonly role: Role;
  /** The function, for calling it by hand. */
  readonly function: LambdaFunction;
  /** The call of the function. A resource that uses a table or a user must depend on it. */
  readonly trigger: Trigger;

  constructor(scope: Construct, id: string, { cluster, database, master, writer, reader }: SqlMigrationProps) {
    super(scope, id);
    const { clusterArn } = cluster;
    const timeout = Duration.minutes(10);
    const logGroup = new LogGroup(this, 'Logs', { retention: RetentionDays.ONE_MONTH, removalPolicy: RemovalPolicy.DESTROY });
    this.role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    const actions = ['BeginTransaction', 'ExecuteStatement', 'CommitTransaction', 'RollbackTransaction'];
    const grants = [
      logGroup.grantWrite(this.role),
      ...allowSql(this, clusterArn, master, ...actions),
      ...allowSecret(this, writer),
      ...allowSecret(this, reader),
    ];
    this.function = new LambdaFunction(this, 'Function', {
      code: Code.fromAsset(packageCode('aws/foundation/sql/migrate').zip),
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: 256,
      timeout,
      role: this.role,
      environment: {
        CLUSTER_ARN: clusterArn,
        DATABASE: database,
        MASTER_SECRET_ARN: master.secretArn,
        WRITER_SECRET_ARN: writer.secretArn,
        READER_SECRET_ARN: reader.secretArn,
      },
      logGroup,
      loggingFormat: LoggingFormat.JSON,
    });
    acknowledge(this.function, FUNCTION).node.addDependency(...grants);
    this.trigger = new Trigger(this, 'Trigger', { handler: this.function, timeout, executeAfter: [cluster] });
    answerCommonFindings(this);
  }
}

/** Allow `holder` to run SQL as the user of the secret. */
export function allowSql(holder: Workload, clusterArn: string, secret: ISecret, ...actions: string[]): Grant[] {
  const onCluster = actions.map((action) => `rds-data:${action}`);
  return [...allow(holder, clusterArn, onCluster), ...allowSecret(holder, secret)];
}

function allowSecret(holder: Workload, { secretArn, encryptionKey }: ISecret): Grant[] {
  return allow(holder, secretArn, ['secretsmanager:GetSecretValue'], encryptionKey, 'kms:Decrypt');
}
