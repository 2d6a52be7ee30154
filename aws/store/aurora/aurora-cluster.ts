import { CfnResource, Duration, RemovalPolicy } from 'aws-cdk-lib';
import { SecurityGroup } from 'aws-cdk-lib/aws-ec2';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import {
  AuroraPostgresEngineVersion,
  CaCertificate,
  ClusterInstance,
  Credentials,
  DatabaseCluster,
  DatabaseClusterEngine,
  ParameterGroup,
} from 'aws-cdk-lib/aws-rds';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { acknowledge, type Reasons } from '../../foundation/acknowledge';
import type { Network } from '../../ports/network';
import type { Capacity } from './aurora-settings';

const INSTANCE: Reasons = {
  'CKV_AWS_118, NIST.800.53.R5-RDSEnhancedMonitoringEnabled':
    'It monitors the operating system. Performance Insights, which is on, shows what the database waits for.',
  'NIST.800.53.R5-RDSInBackupPlan': 'The cluster has continuous backups, for its backupRetention.',
};
const DELETABLE: Reasons = {
  'AwsSolutions-RDS10, NIST.800.53.R5-RDSInstanceDeletionProtectionEnabled':
    'It may be deleted with its stack: removal and the context destroyData are both set.',
};

/** The settings of a new cluster. */
export interface ClusterSettings extends Capacity {
  readonly highlyAvailable: boolean;
  readonly backupRetention: Duration;
  readonly encryptionKey?: IKey;
  readonly removalPolicy: RemovalPolicy;
}

/** Create a cluster that is reached only over the Data API, with its network resources. RDS manages the secret of its master user. */
export function makeCluster(
  scope: Construct,
  defaultDatabaseName: string,
  { vpc, subnets }: Network,
  settings: ClusterSettings,
): { readonly cluster: DatabaseCluster; readonly masterSecret: ISecret } {
  const { maxCapacity, minCapacity, autoPause, highlyAvailable, backupRetention, encryptionKey, removalPolicy } = settings;
  const engine = DatabaseClusterEngine.auroraPostgres({ version: AuroraPostgresEngineVersion.VER_17_7 });
  const description = 'The cluster of a store';
  const securityGroup = new SecurityGroup(scope, 'SecurityGroup', { vpc, allowAllOutbound: false, description });
  securityGroup.applyRemovalPolicy(removalPolicy);
  const parameterGroup = new ParameterGroup(scope, 'Parameters', { engine, parameters: { 'rds.force_ssl': '1' }, removalPolicy });
  const insights = { enablePerformanceInsights: true, performanceInsightEncryptionKey: encryptionKey };
  const instance = { caCertificate: CaCertificate.RDS_CA_RSA2048_G1, ...insights };
  const deletionProtection = removalPolicy !== RemovalPolicy.DESTROY;
  const cluster = new DatabaseCluster(scope, 'Cluster', {
    engine,
    writer: ClusterInstance.serverlessV2('Writer', instance),
    readers: highlyAvailable ? [ClusterInstance.serverlessV2('Reader', { ...instance, scaleWithWriter: true })] : [],
    serverlessV2MinCapacity: minCapacity,
    serverlessV2MaxCapacity: maxCapacity,
    serverlessV2AutoPauseDuration: autoPause ?? (minCapacity === 0 ? Duration.minutes(10) : undefined),
    vpc,
    vpcSubnets: subnets,
    securityGroups: [securityGroup],
    port: 5432,
    defaultDatabaseName,
    credentials: Credentials.fromUsername('postgres', { encryptionKey }),
    manageMasterUserPassword: true,
    iamAuthentication: true,
    enableDataApi: true,
    storageEncrypted: true,
    storageEncryptionKey: encryptionKey,
    backup: { retention: backupRetention },
    copyTagsToSnapshot: true,
    cloudwatchLogsExports: ['postgresql', 'iam-db-auth-error'],
    parameterGroup,
    deletionProtection,
    removalPolicy,
    ...insights,
  });
  // The L2 does not apply RETAIN_ON_UPDATE_OR_DELETE to its subnet group and instances.
  for (const resource of cluster.node.findAll().filter(CfnResource.isCfnResource)) resource.applyRemovalPolicy(removalPolicy);
  for (const id of ['Writer', 'Reader']) {
    const made = cluster.node.tryFindChild(id);
    if (made) acknowledge(made, INSTANCE);
  }
  return { cluster: acknowledge(cluster, deletionProtection ? {} : DELETABLE), masterSecret: cluster.secret! };
}
