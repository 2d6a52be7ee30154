import { Duration, RemovalPolicy, Token } from 'aws-cdk-lib';
import { type Alarm, ComparisonOperator, type Metric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SecurityGroup } from 'aws-cdk-lib/aws-ec2';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import {
  AuroraPostgresEngineVersion,
  CaCertificate,
  ClusterInstance,
  Credentials,
  DatabaseCluster,
  DatabaseClusterEngine,
  type IDatabaseCluster,
  ParameterGroup,
} from 'aws-cdk-lib/aws-rds';
import { type ISecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import type { Removal, TimeRule } from '../../../shared/synth/settings';
import { mayDestroy, requireAbsent, requireOneOf, requireResource, requireTime, SettingError } from '../../../shared/synth/settings';
import { acknowledge, type Reasons, withoutAction } from '../../foundation/acknowledge';
import { allowSql, SqlMigration } from '../../foundation/sql/sql-migration';
import type { Binding, Workload } from '../../ports/identity';
import type { Network } from '../../ports/network';
import type { TableStore } from '../../ports/stores';

const DATABASE = 'events';
const TABLE = 'events';
const PAUSE: TimeRule = { from: 300, to: 86_400, unit: 'seconds', remedy: 'Aurora pauses no earlier and no later.' };
const BACKUPS: TimeRule = { from: 1, to: 35, unit: 'days', remedy: 'For a longer time use AWS Backup.' };

const SECRET: Reasons = {
  'AwsSolutions-SMG4, NIST.800.53.R5-SecretsManagerRotationEnabled':
    'Its user may do one thing, and its role alone reads it. For a new password: put it in, and call the function of the migration.',
};
const OWN_KEY: Reasons = {
  'CKV_AWS_149, NIST.800.53.R5-SecretsManagerUsingKMSKey':
    'Secrets Manager encrypts it with its own key. For a key of yours: encryptionKey.',
};
const INSTANCE: Reasons = {
  'CKV_AWS_118, NIST.800.53.R5-RDSEnhancedMonitoringEnabled':
    'It counts the processes of the machine. What the database waits for, Performance Insights shows.',
  'NIST.800.53.R5-RDSInBackupPlan': 'The cluster is backed up all the time, for its backupRetention.',
};
const DELETABLE: Reasons = {
  'AwsSolutions-RDS10, NIST.800.53.R5-RDSInstanceDeletionProtectionEnabled':
    'It may be deleted with its stack: removal and the context destroyData both say so.',
};

/** Settings for {@link AuroraStore}. */
export interface AuroraStoreProps {
  /**
   * The private network that the cluster stands in, with subnets in two zones. Nothing of it lets anybody in: SQL comes over
   * the Data API. Another network makes another, empty cluster.
   * @default - none, beside an existing `cluster`; every other store needs one
   */
  readonly network?: Network;
  /**
   * The most that the database grows to, in capacity units of about 2 GiB of memory, from 1 to 256 in steps of 0.5. It
   * bounds what an hour costs.
   * @default 4
   */
  readonly maxCapacity?: number;
  /**
   * What the database never shrinks below, in capacity units, from 0 to 256 in steps of 0.5. At 0 it pauses when it is idle.
   * @default 0
   */
  readonly minCapacity?: number;
  /**
   * How long nobody asked anything before the database pauses, from 5 minutes to a day. The first call after that takes
   * some 15 seconds, and 30 after a day.
   * @default - 10 minutes when `minCapacity` is 0; else it never pauses
   */
  readonly autoPause?: Duration;
  /**
   * Whether a second instance stands ready in another zone, for twice the price. Without it, a failed instance is made
   * anew, which takes about 10 minutes. The data lies in three zones in any case.
   * @default false
   */
  readonly highlyAvailable?: boolean;
  /**
   * For how long the database can be restored to any second, from 1 to 35 days.
   * @default 14 days
   */
  readonly backupRetention?: Duration;
  /**
   * The key that encrypts the data and the secrets. Writers and readers get the right to use it. Another key makes another,
   * empty cluster.
   * @default - the keys that AWS keeps for RDS and Secrets Manager, free of charge
   */
  readonly encryptionKey?: IKey;
  /**
   * An existing cluster for Aurora PostgreSQL 15 or newer, with the Data API on and an empty database `events` that its
   * master user owns. The users `writer` and `reader` of the cluster become those of this store, so it serves one store.
   * @default - a new cluster
   */
  readonly cluster?: IDatabaseCluster;
  /**
   * The secret of the master user of the existing cluster. One that is encrypted with a key of yours must know it:
   * `Secret.fromSecretAttributes`.
   * @default - the secret that RDS keeps for the new cluster, with a new password every week
   */
  readonly masterSecret?: ISecret;
  /**
   * What happens to the cluster and all it stands on when the stack is deleted. `destroy` takes a second key, the context
   * `destroyData`. A retained cluster goes on costing, and holds the network that it stands in.
   * @default retain
   */
  readonly removal?: Removal;
}

/**
 * Store stage: a serverless Aurora PostgreSQL cluster with the table `events`, which grows with its load and pauses without
 * one. SQL goes over the RDS Data API, so a function needs no network to reach it, and nothing has a way into the network
 * of the cluster. A deploy makes the table and two users: `writer` can add rows, `reader` can read them, and neither can do
 * anything else.
 *
 * Not for a steady load: an RDS instance costs half. Not for answers within a second after a night without calls: set
 * `minCapacity`. Not for analytics over years of events: query objects in S3, or use Redshift.
 *
 * Idle it costs 0.10 USD a gigabyte and month, and 0.40 USD for each of three secrets. Awake it costs 0.12 USD an hour for
 * each capacity unit, and it goes to sleep only between calls: a call every minute keeps it awake, for at least 45 USD a month.
 *
 * A deploy makes another, empty cluster, and keeps the old one, when the network or `encryptionKey` change. All other
 * settings change in place.
 * @see https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-serverless-v2.html
 */
export class AuroraStore extends Construct implements TableStore {
  /** The cluster, for anything this construct does not cover. */
  readonly cluster: IDatabaseCluster;
  /** The secret of the user that can add rows. */
  readonly writerSecret: ISecret;
  /** The secret of the user that can read rows. */
  readonly readerSecret: ISecret;
  /** A database that is as large as it may get, deadlocks, and a late second instance. None has an action yet. */
  readonly alarms: readonly Alarm[];

  private readonly migration: SqlMigration;

  constructor(scope: Construct, id: string, props: AuroraStoreProps) {
    super(scope, id);
    check(this, props);
    const { encryptionKey } = props;
    const removalPolicy = mayDestroy(this, props.removal) ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN;

    const made = props.network ? this.makeCluster(props, props.network, removalPolicy) : undefined;
    this.cluster = props.cluster ?? made!;
    this.writerSecret = this.makeSecret('writer', removalPolicy, encryptionKey);
    this.readerSecret = this.makeSecret('reader', removalPolicy, encryptionKey);
    this.migration = new SqlMigration(this, 'Migration', {
      cluster: this.cluster,
      database: DATABASE,
      master: props.masterSecret ?? made!.secret!,
      writer: this.writerSecret,
      reader: this.readerSecret,
    });

    const highest = { period: Duration.minutes(5), statistic: 'Maximum' };
    const used = this.cluster.metric('ACUUtilization', highest);
    const locked = this.cluster.metricDeadlocks(highest);
    const alarms = [
      this.alarm('Capacity', used, 'For 15 minutes the database was as large as it may get: raise maxCapacity.', 90, 3),
      this.alarm('Deadlocks', locked, 'Transactions waited for each other, and one was given up. Its writer tries again.'),
    ];
    if (props.highlyAvailable) {
      const lag = this.cluster.metric('AuroraReplicaLagMaximum', highest);
      alarms.push(this.alarm('ReplicaLag', lag, 'The second instance is over a second late: what it answers is old.', 1000));
    }
    this.alarms = alarms;
  }

  bindWriter(writer: Workload, name: string): Binding {
    return this.bind(writer, name, this.writerSecret);
  }

  bindReader(reader: Workload, name: string): Binding {
    return this.bind(reader, name, this.readerSecret);
  }

  private bind(holder: Workload, name: string, secret: ISecret): Binding {
    const { clusterArn } = this.cluster;
    const settings = { CLUSTER_ARN: clusterArn, SECRET_ARN: secret.secretArn, DATABASE, TABLE };
    return {
      settings: Object.fromEntries(Object.entries(settings).map(([setting, value]) => [`${name}_${setting}`, value])),
      waitFor: [...allowSql(holder, clusterArn, secret, 'ExecuteStatement'), this.migration.trigger],
    };
  }

  private makeCluster(props: AuroraStoreProps, { vpc, subnets }: Network, removalPolicy: RemovalPolicy): DatabaseCluster {
    const { encryptionKey, minCapacity = 0, autoPause = minCapacity === 0 ? Duration.minutes(10) : undefined } = props;
    const engine = DatabaseClusterEngine.auroraPostgres({ version: AuroraPostgresEngineVersion.VER_17_7 });
    const description = 'Nobody has a way in: SQL comes over the Data API.';
    const securityGroup = new SecurityGroup(this, 'SecurityGroup', { vpc, allowAllOutbound: false, description });
    securityGroup.applyRemovalPolicy(removalPolicy);
    const parameterGroup = new ParameterGroup(this, 'Parameters', { engine, parameters: { 'rds.force_ssl': '1' }, removalPolicy });
    const insights = { enablePerformanceInsights: true, performanceInsightEncryptionKey: encryptionKey };
    const instance = { caCertificate: CaCertificate.RDS_CA_RSA2048_G1, ...insights };
    const deletionProtection = removalPolicy === RemovalPolicy.RETAIN;
    const cluster = new DatabaseCluster(this, 'Cluster', {
      engine,
      writer: ClusterInstance.serverlessV2('Writer', instance),
      readers: props.highlyAvailable ? [ClusterInstance.serverlessV2('Reader', { ...instance, scaleWithWriter: true })] : [],
      serverlessV2MinCapacity: minCapacity,
      serverlessV2MaxCapacity: props.maxCapacity ?? 4,
      serverlessV2AutoPauseDuration: autoPause,
      vpc,
      vpcSubnets: subnets,
      securityGroups: [securityGroup],
      port: 5432,
      defaultDatabaseName: DATABASE,
      credentials: Credentials.fromUsername('postgres', { encryptionKey }),
      manageMasterUserPassword: true,
      iamAuthentication: true,
      enableDataApi: true,
      storageEncrypted: true,
      storageEncryptionKey: encryptionKey,
      backup: { retention: props.backupRetention ?? Duration.days(14) },
      copyTagsToSnapshot: true,
      cloudwatchLogsExports: ['postgresql', 'iam-db-auth-error'],
      parameterGroup,
      deletionProtection,
      removalPolicy,
      ...insights,
    });
    for (const made of ['Writer', 'Reader']) {
      const instance = cluster.node.tryFindChild(made);
      if (instance) acknowledge(instance, INSTANCE);
    }
    return acknowledge(cluster, deletionProtection ? {} : DELETABLE);
  }

  private makeSecret(username: string, removalPolicy: RemovalPolicy, encryptionKey?: IKey): Secret {
    const generateSecretString = {
      secretStringTemplate: JSON.stringify({ username }),
      generateStringKey: 'password',
      excludePunctuation: true,
    };
    const id = username === 'writer' ? 'WriterSecret' : 'ReaderSecret';
    const secret = new Secret(this, id, { generateSecretString, encryptionKey, removalPolicy });
    return acknowledge(secret, encryptionKey ? SECRET : { ...SECRET, ...OWN_KEY });
  }

  private alarm(id: string, metric: Metric, alarmDescription: string, above = 0, evaluationPeriods = 1): Alarm {
    const rule = {
      threshold: above,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods,
      treatMissingData: TreatMissingData.NOT_BREACHING,
      alarmDescription,
    };
    return acknowledge(metric.createAlarm(this, `${id}Alarm`, rule), withoutAction);
  }
}

function check(scope: Construct, props: AuroraStoreProps) {
  const { network, cluster, masterSecret, encryptionKey, maxCapacity = 4, minCapacity = 0, autoPause, highlyAvailable = false } = props;
  const { backupRetention = Duration.days(14) } = props;
  requireResource(scope, { 'network.vpc': network?.vpc, cluster, masterSecret, encryptionKey });
  if (cluster) {
    const { maxCapacity, minCapacity, highlyAvailable, backupRetention } = props;
    requireAbsent(scope, 'cluster', { network, maxCapacity, minCapacity, autoPause, highlyAvailable, backupRetention });
  }
  if (Boolean(cluster) !== Boolean(masterSecret)) {
    const got = cluster ? 'cluster alone' : 'masterSecret alone';
    throw new SettingError(
      scope,
      'cluster and masterSecret must come together',
      got,
      'Give both for an existing cluster, neither for a new one.',
    );
  }
  if (!cluster && !network) {
    throw new SettingError(scope, 'network must be given', 'none', `Make one: new PrivateNetwork(this, 'Network').`);
  }
  const zones = new Set(network?.vpc.selectSubnets(network.subnets).availabilityZones);
  if (network && zones.size < 2) {
    throw new SettingError(scope, 'network must have subnets in 2 zones', zones.size, 'Aurora stands in no fewer.');
  }
  requireCapacity(scope, { maxCapacity }, 1, 'It bounds what an hour costs.');
  requireCapacity(scope, { minCapacity }, 0, 'At 0 the database pauses when it is idle.');
  if (minCapacity > maxCapacity) {
    throw new SettingError(
      scope,
      'minCapacity must be at most maxCapacity',
      `${minCapacity} over ${maxCapacity}`,
      'Raise maxCapacity too.',
    );
  }
  requireOneOf(scope, { highlyAvailable }, [true, false], 'It costs a second instance.');
  requireTime(scope, { backupRetention }, BACKUPS);
  if (autoPause === undefined) return;
  requireTime(scope, { autoPause }, PAUSE);
  if (minCapacity !== 0) {
    throw new SettingError(scope, 'autoPause needs minCapacity to be 0', minCapacity, 'Leave autoPause out, or minCapacity.');
  }
}

/** Aurora counts capacity in halves. */
function requireCapacity(scope: Construct, settings: Readonly<Record<string, number>>, from: number, remedy: string) {
  for (const [setting, value] of Object.entries(settings)) {
    if (Token.isUnresolved(value) || (Number.isInteger(value * 2) && value >= from && value <= 256)) continue;
    throw new SettingError(scope, `${setting} must be ${from} to 256 capacity units in steps of 0.5`, value, remedy);
  }
}
