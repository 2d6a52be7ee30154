import { App, Stack, Token } from 'aws-cdk-lib';
import { SubnetType, Vpc } from 'aws-cdk-lib/aws-ec2';
import { PrivateNetwork, type PrivateNetworkProps } from '../../../aws/foundation/network';
import { AwsPlatform } from '../../../aws/foundation/platform';
import { type Resource, removalOf, synthesize } from '../../support/cdk';
import { documentedDefaults } from '../../support/defaults';
import { expectSnapshot } from '../../support/snapshot';

const make = (props?: PrivateNetworkProps, context?: Record<string, unknown>) =>
  synthesize((stack) => new PrivateNetwork(stack, 'Network', props), context);

class Platform extends AwsPlatform {}

test('the snapshot', () => {
  const { built, madeBy } = make();
  const one = Object.entries(madeBy(built)).filter(([id]) => !/IsolatedSubnet2|DynamoDb/.test(id));
  expectSnapshot(
    'aws/foundation/network.snapshot.yaml',
    'There is no route to the internet, and all of it is retained. The second zone and the endpoint for DynamoDB are left out here.',
    Object.fromEntries(one),
  );
});

test('documents the defaults that it has', () => {
  const { one, all } = make();
  expect(documentedDefaults('aws/foundation/network.ts', 'PrivateNetworkProps')).toEqual({
    cidr: one('AWS::EC2::VPC').Properties.CidrBlock,
    zones: String(all('AWS::EC2::Subnet').length),
    removal: removalOf(one('AWS::EC2::VPC').DeletionPolicy),
  });
});

test('there is no route to the internet or from it', () => {
  const { all } = make();
  const ways = ['InternetGateway', 'NatGateway', 'EIP', 'Route', 'VPCGatewayAttachment', 'EgressOnlyInternetGateway'];
  expect(ways.flatMap((way) => all(`AWS::EC2::${way}`))).toEqual([]);
  expect(all('AWS::EC2::Subnet').every(({ Properties }) => Properties.MapPublicIpOnLaunch === false)).toBe(true);
});

test('S3 and DynamoDB have gateway endpoints, which are free of charge, and there are no other endpoints', () => {
  const endpoints = make().all('AWS::EC2::VPCEndpoint');
  const services = endpoints.map(({ Properties }) => [Properties.VpcEndpointType, Properties.ServiceName['Fn::Join'][1].at(-1)]);
  expect(services).toEqual([
    ['Gateway', '.s3'],
    ['Gateway', '.dynamodb'],
  ]);
});

test('rejected traffic is in a flow log for 30 days', () => {
  const { one } = make();
  expect(one('AWS::EC2::FlowLog').Properties.TrafficType).toBe('REJECT');
  expect(one('AWS::Logs::LogGroup').Properties.RetentionInDays).toBe(30);
});

test('a third zone replaces no subnet, and leaves addresses for more', () => {
  const ranges = (props: PrivateNetworkProps) => {
    const stack = new Platform(new App(), 'Test', {});
    new PrivateNetwork(stack, 'Network', props);
    const resources: Resource[] = Object.values((stack.node.root as App).synth().getStackByName('Test').template.Resources);
    return resources.filter(({ Type }) => Type === 'AWS::EC2::Subnet').map(({ Properties }) => Properties.CidrBlock);
  };
  expect(ranges({ zones: 2 })).toEqual(['10.0.0.0/20', '10.0.16.0/20']);
  expect(ranges({ zones: 3 })).toEqual(['10.0.0.0/20', '10.0.16.0/20', '10.0.32.0/20']);
  expect(ranges({ zones: 3, cidr: '192.168.7.0/24' })).toEqual(['192.168.7.0/28', '192.168.7.16/28', '192.168.7.32/28']);
});

test('a platform does not look up its zones in the account, also if its env is set', () => {
  const app = new App();
  const stack = new Platform(app, 'Test', { env: { account: '123456789012', region: 'eu-west-1' } });
  new PrivateNetwork(stack, 'Network', { zones: 3 });
  expect(app.synth().manifest.missing ?? []).toEqual([]);
});

test('all of it is retained, also the custom resource of the default security group', () => {
  const { built, madeBy } = make();
  const kept = Object.values(madeBy(built));
  expect(kept.map(({ Type }) => Type)).toContain('Custom::VpcRestrictDefaultSG');
  expect(new Set(kept.map(({ DeletionPolicy }) => DeletionPolicy))).toEqual(new Set(['RetainExceptOnCreate']));
});

test('all of it is deleted with the stack only with both removal and destroyData', () => {
  const policies = (made: ReturnType<typeof make>) =>
    new Set(Object.values(made.madeBy(made.built)).map(({ DeletionPolicy }) => DeletionPolicy));
  expect(policies(make({ removal: 'destroy' }, { destroyData: 'yes' }))).toEqual(new Set(['Delete']));
  expect(policies(make({}, { destroyData: 'yes' }))).toEqual(new Set(['RetainExceptOnCreate']));
});

test('uses an existing network, and adds nothing to it', () => {
  const { built, resources } = synthesize((stack) => {
    const subnets = { isolatedSubnetIds: ['s-1', 's-2'], isolatedSubnetRouteTableIds: ['r-1', 'r-2'] };
    const vpc = Vpc.fromVpcAttributes(stack, 'Mine', { vpcId: 'vpc-1', availabilityZones: ['a', 'b'], ...subnets });
    return [new PrivateNetwork(stack, 'A', { vpc }), new PrivateNetwork(stack, 'B', { vpc, subnets: { availabilityZones: ['a'] } })];
  });
  expect(resources).toEqual({});
  expect(built.map(({ vpc }) => vpc.vpcId)).toEqual(['vpc-1', 'vpc-1']);
  expect(built.map(({ subnets }) => subnets)).toEqual([{ subnetType: SubnetType.PRIVATE_ISOLATED }, { availabilityZones: ['a'] }]);
});

test('can be created twice in one stack', () => {
  const { all } = synthesize((stack) => [new PrivateNetwork(stack, 'A'), new PrivateNetwork(stack, 'B', { cidr: '10.1.0.0/16' })]);
  expect(all('AWS::EC2::VPC')).toHaveLength(2);
});

describe('refuses', () => {
  const aVpc = (props: PrivateNetworkProps) =>
    synthesize((stack) => {
      const vpc = Vpc.fromVpcAttributes(stack, 'Mine', { vpcId: 'vpc-1', availabilityZones: ['a'] });
      return new PrivateNetwork(stack, 'Network', { vpc, ...props });
    });
  const range = 'Write it like 10.0.0.0/16. It must not overlap with a network that this one may be connected to.';

  test.each<[string, () => unknown, string]>([
    [
      'a range that is too large',
      () => make({ cidr: '10.0.0.0/15' }),
      `Test/Network: cidr must be a range of IPv4 addresses from /16 to /24, got "10.0.0.0/15". ${range}`,
    ],
    [
      'a range that is too small',
      () => make({ cidr: '10.0.0.0/25' }),
      `Test/Network: cidr must be a range of IPv4 addresses from /16 to /24, got "10.0.0.0/25". ${range}`,
    ],
    [
      'an address alone',
      () => make({ cidr: '10.0.0.0' }),
      `Test/Network: cidr must be a range of IPv4 addresses from /16 to /24, got "10.0.0.0". ${range}`,
    ],
    [
      'an address that does not exist',
      () => make({ cidr: '10.0.0.256/16' }),
      `Test/Network: cidr must be a range of IPv4 addresses from /16 to /24, got "10.0.0.256/16". ${range}`,
    ],
    [
      'a range that does not start where its size says',
      () => make({ cidr: '10.0.1.0/16' }),
      `Test/Network: cidr must start at 10.0.0.0, got "10.0.1.0/16". Write 10.0.0.0/16.`,
    ],
    [
      'a range that is known only at deploy',
      () => make({ cidr: Token.asString({ Ref: 'Range' }) }),
      `Test/Network: cidr must be known while synthesizing, got a value that is known only at deploy. It is divided into subnets, so give the range itself.`,
    ],
    [
      'one zone',
      () => make({ zones: 1 as 2 }),
      'Test/Network: zones must be 2 or 3, got 1. High availability requires two zones, and more than three are rarely used.',
    ],
    [
      'more zones than the stack knows',
      () => make({ zones: 3 }),
      'Test/Network: zones must be at most the 2 availabilityZones of the stack, got 3. Override availabilityZones in the stack, as AwsPlatform does.',
    ],
    [
      'the id of a network',
      () => make({ vpc: 'vpc-1' as never }),
      'Test/Network: vpc must be a construct, got "vpc-1". Import an existing resource with a from method, such as fromBucketName.',
    ],
    [
      'settings for a network that is there',
      () => aVpc({ cidr: '10.0.0.0/16', zones: 2 }),
      'Test/Network: vpc keeps its own settings, got cidr and zones beside it. Leave cidr and zones out.',
    ],
    [
      'subnets of no network',
      () => make({ subnets: { subnetType: SubnetType.PRIVATE_ISOLATED } }),
      'Test/Network: subnets must come with a vpc, got no vpc. Give the vpc, or leave subnets out.',
    ],
    [
      'one key to destroy',
      () => make({ removal: 'destroy' }),
      `Test/Network: removal 'destroy' needs the context destroyData to be "yes", got nothing. Set DESTROY_DATA=yes in the environment of this command, or leave removal out to keep the data.`,
    ],
  ])('%s', (_, act, message) => expect(act).toThrow(new Error(message)));

  test('nothing that is valid', () => {
    for (const cidr of ['10.0.0.0/16', '172.16.0.0/20', '192.168.128.0/17', '10.1.2.0/24']) expect(() => make({ cidr })).not.toThrow();
    expect(Stack.of(make().built).availabilityZones).toHaveLength(2);
  });
});
