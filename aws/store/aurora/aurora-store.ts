import { Duration } from 'aws-cdk-lib';
import { type Alarm, ComparisonOperator } from 'aws-cdk-lib/aws-cloudwatch';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IDatabaseCluster } from 'aws-cdk-lib/aws-rds';
import { type ISecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { prefixed } from '../../../shared/synth/prefixed';
import type { Removal, TimeRule } from '../../../shared/synth/settings';
import { requireAbsent, requireOneOf, requireResource, requireTime, SettingError } from '../../../shared/synth/settings';
import { acknowledge, type Reasons } from '../../foundation/acknowledge';
import { alarm } from '../../foundation/alarms';
import { requireKey } from '../../foundation/home';
import { removalPolicyOf } from '../../foundation/removal';
import { allowSql, SqlMigration } from '../../foundation/sql/sql-migration';
import type { Binding, Workload } from '../../ports/identity';
import type { Network } from '../../ports/network';
import type { TableStore } from '../../ports/stores';
import { type ClusterSettings, makeCluster } from './aurora-cluster';
import { requireCapacity, requireNetwork } from './aurora-settings';

const DATABASE = 'events';
const TABLE = 'events';
const BACKUPS: TimeRule = { from: 1, to: 35, unit: 'days', remedy: 'For a longer time, use AWS Backup.' };
const SECRET: Reasons = {
  'AwsSolutions-SMG4, NIST.800.53.R5-SecretsManagerRotationEnabled':
    'To change the password, put a new one into the secret and call the function of the migration. In between, its user cannot log in.',
};
const OWN_KEY: Reasons = {
  'CKV_AWS_149, NIST.800.53.R5-SecretsManagerUsingKMSKey':
    'Secrets Manager encrypts it with its own key. For a key of yours, set encryptionKey.',
};

/** Settings for {@link AuroraStore}. */
export interface AuroraStoreProps {
  /**
   * The private network of the cluster, with subnets in two zones. Nothing can connect to the cluster over it: SQL is sent over
   * the Data API. With another network, a deploy creates a new, empty cluster.
   * @default - none, with an existing `cluster`; otherwise it is required
   */
  readonly network?: Network;
  /**
   * The maximum capacity of the database in Aurora capacity units (ACU) of about 2 GiB of memory, from 1 to 256 in steps of 0.5.
   * It limits the cost of an hour.
   * @default 4
   */
  readonly maxCapacity?: number;
  /**
   * The minimum capacity in ACU, from 0 to 256 in steps of 0.5. With 0, the database pauses when it is idle.
   * @default 0
   */
  readonly minCapacity?: number;
  /**
   * The idle time after which the database pauses, from 5 minutes to a day. The first call after a pause takes about 15 seconds,
   * and 30 after a pause of a day.
   * @default - 10 minutes if `minCapacity` is 0; otherwise it never pauses
   */
  readonly autoPause?: Duration;
  /**
   * Whether there is a second instance in another zone, for twice the price. Without it, a failed instance is created again,
   * which takes about 10 minutes. The data is always stored in three zones.
   * @default false
   */
  readonly highlyAvailable?: boolean;
  /**
   * How far back the database can be restored to any second, from 1 to 35 days.
   * @default 14 days
   */
  readonly backupRetention?: Duration;
  /**
   * The KMS key that encrypts the data and the secrets; with an existing `cluster`, only the two new secrets. Writers and
   * readers are granted its use. With another key, a deploy creates a new, empty cluster.
   * @default - the AWS managed keys of RDS and Secrets Manager, free of charge
   */
  readonly encryptionKey?: IKey;
  /**
   * An existing cluster of Aurora PostgreSQL 15 or newer, with the Data API enabled and an empty database `events` that its
   * master user owns. The store uses the users `writer` and `reader` of the cluster, so a cluster can have one store only.
   * @default - a new cluster
   */
  readonly cluster?: IDatabaseCluster;
  /**
   * The secret of the master user of the existing cluster. If it is encrypted with a key of yours, import it with the key:
   * `Secret.fromSecretAttributes`.
   * @default - the secret that RDS manages for the new cluster, with a new password every week
   */
  readonly masterSecret?: ISecret;
  /**
   * What happens to the cluster and its resources when the stack is deleted. `destroy` also requires the context `destroyData`.
   * A retained cluster continues to cost money, and its network cannot be deleted.
   * @default retain
   */
  readonly removal?: Removal;
}

/**
 * Store stage: an Aurora PostgreSQL cluster (Serverless v2) with the table `events`, which scales with its load and pauses when
 * it is idle. SQL is sent over the RDS Data API, so a function does not connect to a VPC, and the security group of the cluster
 * allows no traffic. A deploy creates the table and two users: `writer` can only add rows, `reader` can only read them.
 *
 * Not for a steady load: an RDS instance costs half. Not for responses within a second after an idle time, unless you set
 * `minCapacity`. Not for analytics over years of events: query objects in S3, or use Redshift.
 *
 * Idle it costs 0.10 USD a gigabyte and month, and 0.40 USD for each of three secrets. Running it costs 0.12 USD an hour for
 * each ACU. It pauses only without calls: with one call a minute it runs all the time, for at least 45 USD a month.
 *
 * If the network or `encryptionKey` changes, a deploy creates a new, empty cluster and retains the old one. All other settings
 * change in place.
 * @see https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-serverless-v2.html
 */
export class AuroraStore extends Construct implements TableStore {
  /** The cluster, for anything this construct does not cover. */
  readonly cluster: IDatabaseCluster;
  /** The secret of the user that can add rows. */
  readonly writerSecret: ISecret;
  /** The secret of the user that can read rows. */
  readonly readerSecret: ISecret;
  /** Creates the table and the users. Call its function after you change the password in a secret. */
  readonly migration: SqlMigration;
  /** A database near its maximum capacity, deadlocks, and the lag of a second instance. They have no action yet. */
  readonly alarms: readonly Alarm[];

  constructor(scope: Construct, id: string, props: AuroraStoreProps) {
    super(scope, id);
    const { network, cluster, masterSecret, encryptionKey, maxCapacity = 4, minCapacity = 0, autoPause, highlyAvailable = false } = props;
    const backupRetention = props.backupRetention ?? Duration.days(14);
    requireResource(this, { 'network.vpc': network?.vpc, cluster, masterSecret });
    requireKey(this, { encryptionKey });
    if (cluster) {
      const { maxCapacity, minCapacity, highlyAvailable, backupRetention } = props;
      requireAbsent(this, 'cluster', { network, maxCapacity, minCapacity, autoPause, highlyAvailable, backupRetention });
    }
    if (Boolean(cluster) !== Boolean(masterSecret)) {
      const got = cluster ? 'cluster alone' : 'masterSecret alone';
      throw new SettingError(
        this,
        'cluster and masterSecret must come together',
        got,
        'Give both for an existing cluster, neither for a new one.',
      );
    }
    requireCapacity(this, { maxCapacity, minCapacity, autoPause });
    requireOneOf(this, { highlyAvailable }, [true, false], 'With true, you pay for a second instance.');
    requireTime(this, { backupRetention }, BACKUPS);
    const removalPolicy = removalPolicyOf(this, props.removal);

    const settings = { maxCapacity, minCapacity, autoPause, highlyAvailable, backupRetention, encryptionKey, removalPolicy };
    const made = cluster && masterSecret ? { cluster, masterSecret } : makeCluster(this, DATABASE, requireNetwork(this, network), settings);
    this.cluster = made.cluster;
    this.writerSecret = this.makeSecret('WriterSecret', 'writer', settings);
    this.readerSecret = this.makeSecret('ReaderSecret', 'reader', settings);
    this.migration = new SqlMigration(this, 'Migration', {
      cluster: this.cluster,
      database: DATABASE,
      master: made.masterSecret,
      writer: this.writerSecret,
      reader: this.readerSecret,
    });

    const lag = 'The second instance lags by more than a second: it returns old data.';
    this.alarms = [
      this.alarm('ACUUtilization', 'For 15 minutes the database was above 90 % of its maximum capacity: raise maxCapacity.', 90, 3),
      this.alarm('Deadlocks', 'Transactions waited for each other (deadlock), and one was cancelled. Its writer retries.'),
      ...(highlyAvailable ? [this.alarm('AuroraReplicaLagMaximum', lag, 1000)] : []),
    ];
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
      settings: prefixed(name, settings),
      waitFor: [...allowSql(holder, clusterArn, secret, 'ExecuteStatement'), this.migration.trigger],
    };
  }

  private makeSecret(id: string, username: string, { encryptionKey, removalPolicy }: ClusterSettings): Secret {
    const secretStringTemplate = JSON.stringify({ username });
    const generateSecretString = { secretStringTemplate, generateStringKey: 'password', excludePunctuation: true };
    const secret = new Secret(this, id, { generateSecretString, encryptionKey, removalPolicy });
    return acknowledge(secret, encryptionKey ? SECRET : { ...SECRET, ...OWN_KEY });
  }

  private alarm(metricName: string, description: string, threshold = 0, evaluationPeriods = 1): Alarm {
    const metric = this.cluster.metric(metricName, { period: Duration.minutes(5), statistic: 'Maximum' });
    const comparisonOperator = ComparisonOperator.GREATER_THAN_THRESHOLD;
    return alarm(this, metricName, metric, description, { threshold, comparisonOperator, evaluationPeriods });
  }
}
