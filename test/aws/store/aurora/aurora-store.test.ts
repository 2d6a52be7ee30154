import { App, Duration, Stack, Token } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { SubnetType, Vpc } from 'aws-cdk-lib/aws-ec2';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { DatabaseCluster } from 'aws-cdk-lib/aws-rds';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { PrivateNetwork } from '../../../../aws/foundation/network';
import type { Workload } from '../../../../aws/ports/identity';
import { AuroraStore, type AuroraStoreProps } from '../../../../aws/store/aurora/aurora-store';
import { nag } from '../../../../scripts/judges/cdk-nag';
import { type Resource, removalOf, type Synthesized, synthesize } from '../../../support/cdk';
import { documentedDefaults } from '../../../support/defaults';
import { temporaryFolder } from '../../../support/folder';
import { expectSnapshot } from '../../../support/snapshot';

const networkOf = (stack: Stack) => new PrivateNetwork(stack, 'Network');
const aKey = (stack: Stack) => Key.fromKeyArn(stack, 'Key', 'arn:aws:kms:eu-west-1:123456789012:key/0a1b2c3d-0000-4000-8000-000000000000');
const make = (props?: AuroraStoreProps, context?: Record<string, unknown>) =>
  synthesize((stack) => new AuroraStore(stack, 'Store', { network: networkOf(stack), ...props }), context);

/** A workload with a role. */
class Holder extends Construct implements Workload {
  readonly role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
}

/** An existing cluster, with the secret of its master user. */
const existing = (stack: Stack) => ({
  cluster: DatabaseCluster.fromDatabaseClusterAttributes(stack, 'Mine', { clusterIdentifier: 'mine' }),
  masterSecret: Secret.fromSecretAttributes(stack, 'Master', {
    secretCompleteArn: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:master-abcdef',
    encryptionKey: aKey(stack),
  }),
});

const theCluster = {
  'Fn::Join': [
    '',
    [
      'arn:',
      { Ref: 'AWS::Partition' },
      ':rds:',
      { Ref: 'AWS::Region' },
      ':',
      { Ref: 'AWS::AccountId' },
      ':cluster:',
      { Ref: expect.stringMatching(/^StoreCluster/) },
    ],
  ],
};
const theSecret = (user: string) => ({ Ref: expect.stringMatching(new RegExp(`^Store${user}Secret`)) });

describe('the snapshot of', () => {
  const made = make();
  const { built, madeBy } = made;
  const parts = (...ids: string[]) => Object.assign({}, ...ids.map((id) => madeBy(built.node.findChild(id))));

  test('the cluster', () =>
    expectSnapshot(
      'aws/store/aurora/cluster.snapshot.yaml',
      'It is encrypted, its security group allows no traffic, and it is retained with its network resources.',
      parts('SecurityGroup', 'Parameters', 'Cluster', 'ACUUtilizationAlarm', 'DeadlocksAlarm'),
    ));

  test('its users', () =>
    expectSnapshot(
      'aws/store/aurora/users.snapshot.yaml',
      'Each user has its own secret, which is retained with the cluster.',
      parts('WriterSecret', 'ReaderSecret'),
    ));

  test('the migration', () => {
    const { [Object.keys(madeBy(built.migration)).find((id) => id.includes('CurrentVersion'))!]: version, ...others } = madeBy(
      built.migration,
    );
    expect(version!.Type).toBe('AWS::Lambda::Version');
    expectSnapshot(
      'aws/store/aurora/migration.snapshot.yaml',
      'A function outside of the VPC creates the table and the users during a deploy, and may do nothing else. Its version is left out here.',
      others,
    );
  });
});

test('documents the defaults that it has', () => {
  const { one, all } = make();
  const { ServerlessV2ScalingConfiguration: scaling, BackupRetentionPeriod } = one('AWS::RDS::DBCluster').Properties;
  expect(documentedDefaults('aws/store/aurora/aurora-store.ts', 'AuroraStoreProps')).toEqual({
    maxCapacity: String(scaling.MaxCapacity),
    minCapacity: String(scaling.MinCapacity),
    highlyAvailable: String(all('AWS::RDS::DBInstance').length > 1),
    backupRetention: `${BackupRetentionPeriod} days`,
    removal: removalOf(one('AWS::RDS::DBCluster').DeletionPolicy),
  });
  expect(scaling.SecondsUntilAutoPause).toBe(600);
});

test('accepts every setting', () => {
  const { one, all } = synthesize((stack) => {
    const network = networkOf(stack);
    const encryptionKey = aKey(stack);
    const times = { autoPause: Duration.hours(1), backupRetention: Duration.days(35) };
    return new AuroraStore(stack, 'Store', {
      network,
      encryptionKey,
      maxCapacity: 16.5,
      highlyAvailable: true,
      removal: 'retain',
      ...times,
    });
  });
  const key = 'arn:aws:kms:eu-west-1:123456789012:key/0a1b2c3d-0000-4000-8000-000000000000';
  expect(one('AWS::RDS::DBCluster').Properties).toMatchObject({
    ServerlessV2ScalingConfiguration: { MinCapacity: 0, MaxCapacity: 16.5, SecondsUntilAutoPause: 3600 },
    BackupRetentionPeriod: 35,
    KmsKeyId: key,
    MasterUserSecret: { KmsKeyId: key },
    PerformanceInsightsKmsKeyId: key,
  });
  expect(all('AWS::RDS::DBInstance').map(({ Properties }) => [Properties.PromotionTier, Properties.PerformanceInsightsKMSKeyId])).toEqual([
    [0, key],
    [1, key],
  ]);
  expect(all('AWS::SecretsManager::Secret').map(({ Properties }) => Properties.KmsKeyId)).toEqual([key, key]);
});

test('a database with a minimum capacity above 0 never pauses', () => {
  const { one } = make({ minCapacity: 0.5 });
  expect(one('AWS::RDS::DBCluster').Properties.ServerlessV2ScalingConfiguration).toEqual({ MinCapacity: 0.5, MaxCapacity: 4 });
});

test('capacities that are known only at deploy pass', () => {
  const capacity = Token.asNumber({ Ref: 'Capacity' });
  const { one } = make({ maxCapacity: capacity });
  expect(one('AWS::RDS::DBCluster').Properties.ServerlessV2ScalingConfiguration.MaxCapacity).toEqual({ Ref: 'Capacity' });
});

test('the security group allows no traffic, and the database requires TLS', () => {
  const { built, madeBy, one, all } = make();
  const groups = Object.values(madeBy(built)).filter(({ Type }) => Type.startsWith('AWS::EC2::SecurityGroup'));
  expect(groups.map(({ Type, Properties }) => [Type, Properties.SecurityGroupIngress])).toEqual([['AWS::EC2::SecurityGroup', undefined]]);
  expect(all('AWS::RDS::DBInstance').every(({ Properties }) => Properties.PubliclyAccessible === false)).toBe(true);
  expect(one('AWS::RDS::DBClusterParameterGroup').Properties.Parameters).toEqual({ 'rds.force_ssl': '1' });
});

test.each([
  ['writer', 'Writer', 'bindWriter'],
  ['reader', 'Reader', 'bindReader'],
] as const)('a %s may run statements as its user, and read no other secret', (_, user, bind) => {
  const { built, allowed } = synthesize((stack) => {
    const holder = new Holder(stack, 'Holder');
    const { settings } = new AuroraStore(stack, 'Store', { network: networkOf(stack) })[bind](holder, 'EVENTS');
    expect(stack.resolve(settings)).toEqual({
      EVENTS_CLUSTER_ARN: theCluster,
      EVENTS_SECRET_ARN: theSecret(user),
      EVENTS_DATABASE: 'events',
      EVENTS_TABLE: 'events',
    });
    return holder;
  });
  expect(allowed(built)).toEqual([
    { Action: 'rds-data:ExecuteStatement', Effect: 'Allow', Resource: theCluster },
    { Action: 'secretsmanager:GetSecretValue', Effect: 'Allow', Resource: theSecret(user) },
  ]);
});

test.each(['bindWriter', 'bindReader'] as const)('with a key of the user, %s lets its holder use it', (bind) => {
  const { built, allowed } = synthesize((stack) => {
    const holder = new Holder(stack, 'Holder');
    new AuroraStore(stack, 'Store', { network: networkOf(stack), encryptionKey: new Key(stack, 'Key') })[bind](holder, 'EVENTS');
    return holder;
  });
  const theKey = { 'Fn::GetAtt': [expect.stringMatching(/^Key/), 'Arn'] };
  expect(allowed(built).at(-1)).toEqual({ Action: 'kms:Decrypt', Effect: 'Allow', Resource: theKey });
});

test('only the migration may read the secret of the master user', () => {
  const { resources, allowed, built } = synthesize((stack) => {
    const store = new AuroraStore(stack, 'Store', { network: networkOf(stack) });
    store.bindWriter(new Holder(stack, 'Writer'), 'A');
    store.bindReader(new Holder(stack, 'Reader'), 'B');
    return store.migration;
  });
  const holders = Object.values(resources).filter(
    ({ Type, Properties }) => Type === 'AWS::IAM::Policy' && JSON.stringify(Properties.PolicyDocument).includes('MasterUserSecret'),
  );
  expect(holders.map(({ Properties }) => Properties.PolicyDocument.Statement)).toEqual([allowed(built)]);
});

test('a binding waits for the migration, which creates the table and the users', () => {
  const { resources } = synthesize((stack) => {
    const holder = new Holder(stack, 'Holder');
    const { waitFor } = new AuroraStore(stack, 'Store', { network: networkOf(stack) }).bindWriter(holder, 'EVENTS');
    const late = new Holder(stack, 'Late');
    late.node.addDependency(...waitFor);
  });
  const late = Object.entries(resources).find(([id]) => id.startsWith('LateRole'))![1];
  expect(late.DependsOn).toEqual(
    expect.arrayContaining([expect.stringMatching(/^StoreMigrationTrigger/), expect.stringMatching(/^HolderRoleDefaultPolicy/)]),
  );
});

test('the migration runs after the cluster is created, and again when its code or its settings change', () => {
  const { one } = make();
  const { Properties, DependsOn } = one('Custom::Trigger');
  expect(DependsOn).toEqual([
    expect.stringMatching(/^StoreCluster\w{8}$/),
    expect.stringMatching(/^StoreClusterSubnets/),
    expect.stringMatching(/^StoreClusterWriter/),
  ]);
  expect(Properties.HandlerArn).toEqual({ Ref: expect.stringMatching(/^StoreMigrationFunctionCurrentVersion/) });
});

test('there are alarms on the capacity, on deadlocks, and on the lag of a second instance; missing data is OK, because the database pauses', () => {
  const alarms = (props: AuroraStoreProps) =>
    make(props)
      .all('AWS::CloudWatch::Alarm')
      .map(({ Properties: { MetricName, Threshold, EvaluationPeriods, TreatMissingData } }) =>
        [MetricName, Threshold, EvaluationPeriods, TreatMissingData].join(' '),
      );
  const always = ['ACUUtilization 90 3 notBreaching', 'Deadlocks 0 1 notBreaching'];
  expect(alarms({})).toEqual(always);
  expect(alarms({ highlyAvailable: true })).toEqual([...always, 'AuroraReplicaLagMaximum 1000 1 notBreaching']);
});

describe('when the stack is deleted', () => {
  /** The resources that hold data, or that the cluster uses. */
  const kept = ({ all }: Synthesized) =>
    [
      'RDS::DBCluster',
      'RDS::DBInstance',
      'RDS::DBSubnetGroup',
      'RDS::DBClusterParameterGroup',
      'EC2::SecurityGroup',
      'SecretsManager::Secret',
    ]
      .flatMap((type) => all(`AWS::${type}`))
      .map(({ Type, DeletionPolicy = 'Delete' }) => [Type, DeletionPolicy]);

  test('the cluster is retained, with its network resources', () => {
    const found = kept(make({ highlyAvailable: true }));
    expect(found).toHaveLength(8);
    expect(new Set(found.map(([, policy]) => policy))).toEqual(new Set(['RetainExceptOnCreate']));
  });

  test('all of it is deleted only with both removal and destroyData', () => {
    const destroyed = make({ removal: 'destroy' }, { destroyData: 'yes' });
    expect(new Set(kept(destroyed).map(([, policy]) => policy))).toEqual(new Set(['Delete']));
    expect(destroyed.one('AWS::RDS::DBCluster').Properties.DeletionProtection).toBe(false);
    const second = make({}, { destroyData: 'yes' });
    expect(new Set(kept(second).map(([, policy]) => policy))).toEqual(new Set(['RetainExceptOnCreate']));
    expect(second.one('AWS::RDS::DBCluster').Properties.DeletionProtection).toBe(true);
  });
});

test('uses an existing cluster', () => {
  const { built, all, allowed } = synthesize((stack) => new AuroraStore(stack, 'Store', existing(stack)));
  expect([...all('AWS::RDS::DBCluster'), ...all('AWS::RDS::DBInstance'), ...all('AWS::EC2::SecurityGroup')]).toEqual([]);
  const secrets = allowed(built.migration).find(({ Action }) => Action === 'secretsmanager:GetSecretValue')!;
  expect(secrets.Resource).toEqual([
    'arn:aws:secretsmanager:eu-west-1:123456789012:secret:master-abcdef',
    theSecret('Reader'),
    theSecret('Writer'),
  ]);
  expect(allowed(built.migration)).toContainEqual(expect.objectContaining({ Action: 'kms:Decrypt' }));
});

test('uses an existing network', () => {
  const { one } = synthesize((stack) => {
    const ids = { privateSubnetIds: ['s-1', 's-2'], privateSubnetRouteTableIds: ['r-1', 'r-2'] };
    const vpc = Vpc.fromVpcAttributes(stack, 'Mine', { vpcId: 'vpc-1', availabilityZones: ['a', 'b'], ...ids });
    return new AuroraStore(stack, 'Store', { network: { vpc, subnets: { subnetType: SubnetType.PRIVATE_WITH_EGRESS } } });
  });
  expect(one('AWS::RDS::DBSubnetGroup').Properties.SubnetIds).toEqual(['s-1', 's-2']);
});

test('can be created twice in one stack', () => {
  const { all } = synthesize((stack) => {
    const network = networkOf(stack);
    return [new AuroraStore(stack, 'A', { network }), new AuroraStore(stack, 'B', { network })];
  });
  expect(all('AWS::RDS::DBCluster')).toHaveLength(2);
});

test('works in a project without feature flags', () => {
  const stack = new Stack(new App(), 'Test');
  const store = new AuroraStore(stack, 'Store', { network: networkOf(stack) });
  const { Resources } = Template.fromStack(stack).toJSON() as { Resources: Record<string, Resource> };
  const { Properties } = Object.values(Resources).find(({ Type }) => Type === 'AWS::RDS::DBCluster')!;
  expect(Properties).toEqual(make().one('AWS::RDS::DBCluster').Properties);
  expect(store.alarms).toHaveLength(2);
});

describe('every finding of both cdk-nag packs has a reason, and every reason has a finding, with', () => {
  test.each<[string, (stack: Stack) => AuroraStoreProps]>([
    ['defaults', (stack) => ({ network: networkOf(stack) })],
    ['a second instance', (stack) => ({ network: networkOf(stack), highlyAvailable: true })],
    ['a key of the user', (stack) => ({ network: networkOf(stack), encryptionKey: aKey(stack) })],
    ['data that goes with the stack', (stack) => ({ network: networkOf(stack), removal: 'destroy' })],
    ['a cluster of the user', existing],
  ])('%s', (_, props) => {
    const app = new App({ outdir: temporaryFolder(), context: { destroyData: 'yes' } });
    const stack = new Stack(app, 'Test');
    new AuroraStore(stack, 'Store', props(stack));
    app.synth();
    expect(nag(app).flatMap(({ reason, rule, where, what }) => (reason ? [] : [`${rule} ${where}: ${what}`]))).toEqual([]);
  });
});

describe('refuses', () => {
  const capacity = (name: string, from: number) => `Test/Store: ${name} must be ${from} to 256 capacity units in steps of 0.5`;
  const withCluster = (props: AuroraStoreProps) => synthesize((stack) => new AuroraStore(stack, 'Store', { ...existing(stack), ...props }));

  test.each<[string, () => unknown, string]>([
    [
      'no network',
      () => make({ network: undefined }),
      `Test/Store: network must be given, got none. Create one: new PrivateNetwork(this, 'Network').`,
    ],
    [
      'a network that is none',
      () => make({ network: { vpc: 'vpc-1' as never, subnets: {} } }),
      'Test/Store: network.vpc must be a construct, got "vpc-1". Import an existing resource with a from method, such as fromBucketName.',
    ],
    [
      'a network in one zone',
      () =>
        synthesize((stack) => {
          const ids = { isolatedSubnetIds: ['s-1'], isolatedSubnetRouteTableIds: ['r-1'] };
          const vpc = Vpc.fromVpcAttributes(stack, 'Mine', { vpcId: 'vpc-1', availabilityZones: ['a'], ...ids });
          return new AuroraStore(stack, 'Store', { network: new PrivateNetwork(stack, 'Network', { vpc }) });
        }),
      'Test/Store: network must have subnets in 2 zones, got 1. Aurora requires subnets in at least two zones.',
    ],
    ['too little capacity', () => make({ maxCapacity: 0.5 }), `${capacity('maxCapacity', 1)}, got 0.5. It limits the cost of an hour.`],
    ['too much capacity', () => make({ maxCapacity: 256.5 }), `${capacity('maxCapacity', 1)}, got 256.5. It limits the cost of an hour.`],
    ['a third of a unit', () => make({ maxCapacity: 4.3 }), `${capacity('maxCapacity', 1)}, got 4.3. It limits the cost of an hour.`],
    [
      'capacity as a text',
      () => make({ maxCapacity: '8' as never }),
      `${capacity('maxCapacity', 1)}, got "8". It limits the cost of an hour.`,
    ],
    [
      'less than nothing',
      () => make({ minCapacity: -0.5 }),
      `${capacity('minCapacity', 0)}, got -0.5. With 0, the database pauses when it is idle.`,
    ],
    [
      'a floor above the ceiling',
      () => make({ minCapacity: 8 }),
      'Test/Store: minCapacity must be at most maxCapacity, got 8 over 4. Raise maxCapacity too.',
    ],
    [
      'a pause that is too short',
      () => make({ autoPause: Duration.minutes(4) }),
      'Test/Store: autoPause must be 300 to 86400 seconds, got 240. Aurora allows no other time.',
    ],
    [
      'a pause of a database that never shrinks to nothing',
      () => make({ autoPause: Duration.minutes(10), minCapacity: 1 }),
      'Test/Store: autoPause requires minCapacity to be 0, got 1. Leave autoPause out, or minCapacity.',
    ],
    [
      'a word for a second instance',
      () => make({ highlyAvailable: 'yes' as never }),
      'Test/Store: highlyAvailable must be true or false, got "yes". With true, you pay for a second instance.',
    ],
    [
      'no backups',
      () => make({ backupRetention: Duration.days(0) }),
      'Test/Store: backupRetention must be 1 to 35 days, got 0. For a longer time, use AWS Backup.',
    ],
    [
      'the id of a key',
      () => make({ encryptionKey: 'k' as never }),
      'Test/Store: encryptionKey must be a construct, got "k". Import an existing resource with a from method, such as fromBucketName.',
    ],
    [
      'a cluster without its secret',
      () => withCluster({ masterSecret: undefined }),
      'Test/Store: cluster and masterSecret must come together, got cluster alone. Give both for an existing cluster, neither for a new one.',
    ],
    [
      'a secret without its cluster',
      () => withCluster({ cluster: undefined }),
      'Test/Store: cluster and masterSecret must come together, got masterSecret alone. Give both for an existing cluster, neither for a new one.',
    ],
    [
      'settings for a cluster that is there',
      () => withCluster({ maxCapacity: 4, minCapacity: 0, highlyAvailable: false, backupRetention: Duration.days(7) }),
      'Test/Store: cluster keeps its own settings, got maxCapacity and minCapacity and highlyAvailable and backupRetention beside it. Leave maxCapacity and minCapacity and highlyAvailable and backupRetention out.',
    ],
    [
      'one key to destroy',
      () => make({ removal: 'destroy' }),
      `Test/Store: removal 'destroy' needs the context destroyData to be "yes", got nothing. Set DESTROY_DATA=yes in the environment of this command, or leave removal out to keep the data.`,
    ],
  ])('%s', (_, act, message) => expect(act).toThrow(new Error(message)));
});
