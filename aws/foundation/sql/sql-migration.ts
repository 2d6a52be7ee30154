import { Duration } from 'aws-cdk-lib';
import type { Grant } from 'aws-cdk-lib/aws-iam';
import type { IDatabaseCluster } from 'aws-cdk-lib/aws-rds';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import { Trigger } from 'aws-cdk-lib/triggers';
import type { Construct } from 'constructs';
import type { Workload } from '../../ports/identity';
import { DeployFunction } from '../deploy-function';
import { allow } from '../grants';

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
export class SqlMigration extends DeployFunction {
  /** The call of the function. A resource that uses a table or a user must depend on it. */
  readonly trigger: Trigger;

  constructor(scope: Construct, id: string, { cluster, database, master, writer, reader }: SqlMigrationProps) {
    const { clusterArn } = cluster;
    const timeout = Duration.minutes(10);
    super(scope, id, {
      folder: 'aws/foundation/sql/migrate',
      timeout,
      environment: {
        CLUSTER_ARN: clusterArn,
        DATABASE: database,
        MASTER_SECRET_ARN: master.secretArn,
        WRITER_SECRET_ARN: writer.secretArn,
        READER_SECRET_ARN: reader.secretArn,
      },
    });
    const actions = ['BeginTransaction', 'ExecuteStatement', 'CommitTransaction', 'RollbackTransaction'];
    this.waitFor(...allowSql(this, clusterArn, master, ...actions), ...allowSecret(this, writer), ...allowSecret(this, reader));
    this.trigger = new Trigger(this, 'Trigger', { handler: this.function, timeout, executeAfter: [cluster] });
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
