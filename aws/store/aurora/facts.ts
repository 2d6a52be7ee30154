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
  local: { not: 'the emulation of the Data API is used in tests of the sink only' },
  unlisted: {
    'AWS/RDS ACUUtilization': 'AWS documents it for clusters of Serverless v2, but it is not in the machine-readable list of AWS.',
    'AWS/RDS Deadlocks': 'AWS documents it for clusters, but it is not in the machine-readable list of AWS.',
    'AWS::RDS::DBInstance': 'An instance of a cluster stores no data: the volume belongs to the cluster, and another instance can use it.',
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
          must: 'be encrypted, which cannot be changed later',
          at: 'StorageEncrypted',
          to: [true],
          weak: false,
          worse: 'rows are not encrypted',
        }),
        promised('private', 'allow no traffic over its network: SQL is sent over the Data API', hasNoWayIn, {
          'the database accepts traffic from the internet': set(
            'SecurityGroupIngress',
            [{ IpProtocol: 'tcp', CidrIp: '0.0.0.0/0' }],
            securityGroups,
          ),
          'the Data API is disabled': set('EnableHttpEndpoint', false),
        }),
        promised(
          'no-passwords',
          'have a master user whose password RDS manages',
          ({ body }) => {
            return body.ManageMasterUserPassword === true && body.MasterUserPassword === undefined;
          },
          {
            'the password of the master user is in the template': set('MasterUserPassword', 'secret'),
            'RDS does not manage the password of the master user': set('ManageMasterUserPassword'),
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
          must: 'be backed up for at least a week',
          at: 'BackupRetentionPeriod',
          from: 7,
          weak: 1,
          worse: 'backups are deleted after a day',
        }),
        alarmOn('ACUUtilization', 'have an alarm near its maximum capacity', (percent) => percent <= 95),
        alarmOn('Deadlocks', 'have an alarm at the first deadlock', (count) => count === 0),
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
          worse: 'SQL can be sent without TLS',
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

/** A capacity unit writes 250 rows a second. A paused cluster costs only its storage. */
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
      lower: 'A lower `maxCapacity` of the store limits it. With `minCapacity: 0` it pauses.',
    },
    {
      what: 'requests to the Data API, one an event',
      price: 'auroraDataApi',
      units: rows * MONTH * Math.ceil(load.size / 32_768),
      lower: 'A transform that stores fewer events: after a queue, each event is one request.',
    },
    {
      what: 'write I/O, one for each 4 kB of a row',
      price: 'auroraIo',
      units: rows * MONTH * Math.ceil(load.size / 4096),
      lower: 'An existing `cluster` with the storage type aurora-iopt1, where I/O is free of charge.',
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
      lower: 'No setting: RDS manages the password in it.',
    },
  ];
}
