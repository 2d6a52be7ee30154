import { amountOr, type Cost, GB, HOURS, type Load, MONTH } from '../../../shared/read/facts/cost';
import { counted, promised, setTo } from '../../../shared/read/facts/promise';
import type { ServiceFacts, TypeFacts } from '../../../shared/read/facts/types';
import { set } from '../../../shared/read/facts/weaken';
import { type Asked, amount, is, only } from '../../../shared/read/stack';
import { said } from '../../../shared/read/tell';
import { alarmOn, RETAINED } from '../../foundation/promises';

const SCALING = 'ServerlessV2ScalingConfiguration';
const helps = (name: string): TypeFacts => ({ name, role: 'helps', promises: [RETAINED], local: 'no effect here' });

export const facts: ServiceFacts = {
  name: 'Aurora',
  local: { not: 'the stand-in for the Data API serves the tests of the sink, and the local run does not start it.' },
  unlisted: {
    'AWS/RDS ACUUtilization': 'AWS documents it for clusters of serverless v2, and its machine-readable list lacks it.',
    'AWS/RDS Deadlocks': 'AWS documents it for clusters, and its machine-readable list lacks it.',
    'AWS::RDS::DBInstance':
      'An instance of a cluster holds no data: the volume belongs to the cluster, and another instance finds it there.',
  },
  types: {
    'AWS::RDS::DBCluster': {
      name: 'cluster',
      role: 'holds data',
      tells: (cluster) => [
        `Aurora PostgreSQL ${String(only(cluster, 'EngineVersion'))}`,
        capacityOf(cluster),
        is(cluster, 'StorageEncrypted', true) ? 'encrypted' : undefined,
        `backed up ${amount(cluster, 'BackupRetentionPeriod')} days`,
        said.kept(cluster),
      ],
      takes: ['rds-data:ExecuteStatement'],
      promises: [
        setTo({
          rule: 'encrypted',
          must: 'be encrypted, which can be decided only when it is made',
          at: 'StorageEncrypted',
          to: [true],
          weak: false,
          worse: 'rows are not encrypted',
        }),
        promised('private', 'let nobody in through its network: SQL goes over the Data API', hasNoWayIn, {
          'the database answers the internet': set('SecurityGroupIngress', [{ IpProtocol: 'tcp', CidrIp: '0.0.0.0/0' }], securityGroups),
          'it is reached by its network alone': set('EnableHttpEndpoint', false),
        }),
        promised(
          'no-passwords',
          'have a password of its master user that RDS keeps and changes',
          ({ body }) => {
            return body.ManageMasterUserPassword === true && body.MasterUserPassword === undefined;
          },
          {
            'the password of the master user stands in the template': set('MasterUserPassword', 'secret'),
            'nobody keeps the password of the master user': set('ManageMasterUserPassword'),
          },
        ),
        RETAINED,
        setTo({
          rule: 'retained',
          must: 'refuse to be deleted',
          at: 'DeletionProtection',
          to: [true],
          weak: false,
          worse: 'the cluster may be deleted',
        }),
        counted({
          rule: 'undelete',
          must: 'be backed up for a week at least',
          at: 'BackupRetentionPeriod',
          from: 7,
          weak: 1,
          worse: 'a backup is gone in a day',
        }),
        alarmOn('ACUUtilization', 'have an alarm that rings when it is almost as large as it may get', (percent) => percent <= 95),
        alarmOn('Deadlocks', 'have an alarm that rings at the first deadlock', (count) => count === 0),
      ],
      costs: clusterCosts,
      local: {
        BackupRetentionPeriod: 'no effect here',
        CopyTagsToSnapshot: 'no effect here',
        DatabaseName: 'emulated',
        DBClusterParameterGroupName: 'no effect here',
        DBSubnetGroupName: 'no effect here',
        DeletionProtection: 'no effect here',
        EnableCloudwatchLogsExports: 'no effect here',
        EnableHttpEndpoint: 'emulated',
        EnableIAMDatabaseAuthentication: 'no effect here',
        Engine: (value) => (value === 'aurora-postgresql' ? undefined : `only PostgreSQL runs here, got ${JSON.stringify(value)}.`),
        EngineVersion: 'no effect here',
        KmsKeyId: 'no effect here',
        ManageMasterUserPassword: 'no effect here',
        MasterUsername: 'emulated',
        PerformanceInsightsEnabled: 'no effect here',
        PerformanceInsightsKmsKeyId: 'no effect here',
        PerformanceInsightsRetentionPeriod: 'no effect here',
        Port: 'no effect here',
        ServerlessV2ScalingConfiguration: 'no effect here',
        StorageEncrypted: 'no effect here',
        Tags: 'no effect here',
        VpcSecurityGroupIds: 'no effect here',
      },
    },
    'AWS::RDS::DBInstance': {
      name: 'instance of a cluster',
      role: (instance) => (instance.refers('DBClusterIdentifier').length > 0 ? 'helps' : 'holds data'),
      costs: 'Its cluster is billed.',
      promises: [
        setTo({
          rule: 'private',
          must: 'have no public address',
          at: 'PubliclyAccessible',
          to: [false],
          weak: true,
          worse: 'an instance has a public address',
        }),
        RETAINED,
      ],
      local: 'no effect here',
    },
    'AWS::RDS::DBClusterParameterGroup': {
      ...helps('parameter group'),
      promises: [
        RETAINED,
        setTo({
          rule: 'tls-only',
          must: 'force TLS',
          at: 'Parameters.rds\\.force_ssl',
          to: ['1'],
          weak: '0',
          worse: 'SQL may travel without TLS',
        }),
      ],
    },
    'AWS::RDS::DBSubnetGroup': helps('subnet group'),
  },
  calls: {
    // https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/data-api.access.html
    ...Object.fromEntries(
      ['BeginTransaction', 'CommitTransaction', 'ExecuteStatement', 'RollbackTransaction'].map((operation) => [
        `@aws-sdk/client-rds-data ${operation}Command`,
        ({ arguments: [input] }: Parameters<NonNullable<ServiceFacts['calls']>[string]>[0]) => [
          { may: `rds-data:${operation}`, on: said.part(input, 'resourceArn') },
          { may: 'secretsmanager:GetSecretValue', on: said.part(input, 'secretArn') },
        ],
      ]),
    ),
  },
  harmless: ['@aws-sdk/client-rds-data RDSDataClient'],
};

function securityGroups(cluster: Asked): readonly string[] {
  return cluster.refers('VpcSecurityGroupIds').map(({ id }) => id);
}

function hasNoWayIn(cluster: Asked): boolean {
  const groups = cluster.refers('VpcSecurityGroupIds');
  return (
    is(cluster, 'EnableHttpEndpoint', true) && groups.length > 0 && groups.every((group) => group.get('SecurityGroupIngress').length === 0)
  );
}

function capacityOf(cluster: Asked): string | undefined {
  const [least, most] = ['MinCapacity', 'MaxCapacity'].map((end) => only(cluster, `${SCALING}.${end}`));
  return least === undefined || most === undefined ? undefined : `${String(least)} to ${String(most)} capacity units`;
}

/** A capacity unit takes 250 rows a second. Paused, a cluster costs what it stores alone. */
function clusterCosts(cluster: Asked, load: Load): Cost[] {
  const rows = load.writes(cluster).count;
  const [least, most] = [amountOr(cluster, `${SCALING}.MinCapacity`, 0.5), amountOr(cluster, `${SCALING}.MaxCapacity`, 128)];
  const instances = load.stack.of('AWS::RDS::DBInstance').filter((one) => one.refers('DBClusterIdentifier')[0]?.id === cluster.id).length;
  const awake = Math.min(1, load.events * amountOr(cluster, `${SCALING}.SecondsUntilAutoPause`, 300));
  const working = Math.min(most, Math.max(least, 0.5, rows / 250));
  return [
    {
      what: 'capacity, 1 unit for 250 rows a second',
      price: 'auroraCapacity',
      units: HOURS * instances * Math.max(least, awake * working),
      lower: 'A lower `maxCapacity` of the store bounds it; `minCapacity: 0` lets it pause.',
    },
    {
      what: 'requests to the Data API, one an event',
      price: 'auroraDataApi',
      units: rows * MONTH * Math.ceil(load.size / 32_768),
      lower: 'A transform that stores fewer events: behind a queue each is a request of its own.',
    },
    {
      what: 'writes to the disk, one a row of 4 kB',
      price: 'auroraIo',
      units: rows * MONTH * Math.ceil(load.size / 4096),
      lower: 'An existing `cluster` with the storage type aurora-iopt1, which bills none of them.',
    },
    {
      what: 'rows of one month, as large as their events',
      price: 'auroraStorage',
      units: (rows * load.size * MONTH) / GB,
      lower: 'A transform that stores less of each event.',
    },
    {
      what: 'secret of the master user',
      price: 'secret',
      units: cluster.body.ManageMasterUserPassword === true ? 1 : 0,
      lower: 'No setting: RDS keeps and changes the password in it.',
    },
  ];
}
