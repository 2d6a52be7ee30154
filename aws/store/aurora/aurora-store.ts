import { Duration } from 'aws-cdk-lib';
import { type Alarm, ComparisonOperator } from 'aws-cdk-lib/aws-cloudwatch';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IDatabaseCluster } from 'aws-cdk-lib/aws-rds';
import { type ISecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
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
const BACKUPS: TimeRule = { from: 1, to: 35, unit: 'days', remedy: 'For a longer time use AWS Backup.' };
const SECRET: Reasons = {
  'AwsSolutions-SMG4, NIST.800.53.R5-SecretsManagerRotationEnabled':
    'To change it, put a new password in and call the function of the migration: until then its user is turned away.',
};
const OWN_KEY: Reasons = {
  'CKV_AWS_149, NIST.800.53.R5-SecretsManagerUsingKMSKey':
    'Secrets Manager encrypts it with its own key. For a key of yours: encryptionKey.',
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
   * The key that encrypts the data and the secrets; beside an existing `cluster`, the two new secrets alone. Writers and
   * readers get the right to use it. Another key makes another, empty cluster.
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
  /** Makes the table and the users. Call its function after the password in a secret was changed. */
  readonly migration: SqlMigration;
  /** A database that is almost as large as it may get, deadlocks, and a late second instance. None has an action yet. */
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
    requireOneOf(this, { highlyAvailable }, [true, false], 'It costs a second instance.');
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

    const lag = 'The second instance is over a second late: what it answers is old.';
    this.alarms = [
      this.alarm('ACUUtilization', 'For 15 minutes the database was almost as large as it may get: raise maxCapacity.', 90, 3),
      this.alarm('Deadlocks', 'Transactions waited for each other, and one was given up. Its writer tries again.'),
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
      settings: Object.fromEntries(Object.entries(settings).map(([setting, value]) => [`${name}_${setting}`, value])),
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
