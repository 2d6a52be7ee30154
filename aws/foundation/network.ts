import { CfnResource, type RemovalPolicy, Stack, Token } from 'aws-cdk-lib';
import {
  CfnFlowLog,
  GatewayVpcEndpointAwsService,
  IpAddresses,
  type IVpc,
  type SubnetSelection,
  SubnetType,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import { Grant, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { Removal, TextRule } from '../../shared/synth/settings';
import { requireAbsent, requireOneOf, requireResource, requireText, SettingError } from '../../shared/synth/settings';
import type { Network } from '../ports/network';
import { answerCommonFindings } from './answers';
import { removalPolicyOf } from './removal';

const BYTE = '(25[0-5]|2[0-4]\\d|1?\\d?\\d)';
const CIDR: TextRule = {
  pattern: new RegExp(`^(${BYTE}\\.){3}${BYTE}/(1[6-9]|2[0-4])$`),
  must: 'be a range of IPv4 addresses from /16 to /24',
  remedy: 'Write it like 10.0.0.0/16. It must not overlap with a network that this one may be connected to.',
};
/** Each subnet gets a sixteenth of the range, so that zones and types of subnets can be added without replacing any. */
const SUBNET_BITS = 4;
const MOST_ZONES = 3;

/** Settings for {@link PrivateNetwork}. Every one has a safe default. */
export interface PrivateNetworkProps {
  /**
   * The range of addresses, from /16 to /24. Another range replaces the network and everything in it.
   * @default 10.0.0.0/16
   */
  readonly cidr?: string;
  /**
   * The number of Availability Zones, each with one subnet. A third can be added later without replacing anything. A stack that
   * is not an `AwsPlatform` has two zones if its `env` is not set; otherwise the CDK looks them up in the account.
   * @default 2
   */
  readonly zones?: 2 | 3;
  /**
   * An existing VPC. Its subnets, endpoints and flow logs do not change.
   * @default - a new network
   */
  readonly vpc?: IVpc;
  /**
   * The subnets of the existing VPC to use.
   * @default - its isolated subnets
   */
  readonly subnets?: SubnetSelection;
  /**
   * What happens to the network when the stack is deleted. The subnets of a retained database cannot be deleted, so retain
   * both or destroy both. `destroy` also requires the context `destroyData`.
   * @default retain
   */
  readonly removal?: Removal;
}

/**
 * A private network: a VPC with isolated subnets without internet access, gateway endpoints for S3 and DynamoDB, and a flow
 * log of rejected traffic. It costs nothing when idle.
 *
 * Not for a pipeline of services that are called over their APIs, such as Lambda, Kinesis and S3: it would add no
 * protection. Any other service requires an interface endpoint, at about 8 USD a month and zone. There is none, because no
 * construct here requires one.
 *
 * A deploy replaces the network when `cidr` changes, and the flow log when any of its settings changes.
 * @see https://docs.aws.amazon.com/vpc/latest/userguide/configure-your-vpc.html
 */
export class PrivateNetwork extends Construct implements Network {
  readonly vpc: IVpc;
  readonly subnets: SubnetSelection;

  constructor(scope: Construct, id: string, props: PrivateNetworkProps = {}) {
    super(scope, id);
    const cidr = props.cidr ?? '10.0.0.0/16';
    const zones = props.zones ?? 2;
    requireRange(this, cidr);
    requireOneOf(this, { zones }, [2, MOST_ZONES], 'High availability requires two zones, and more than three are rarely used.');
    requireResource(this, { vpc: props.vpc });
    if (props.vpc) requireAbsent(this, 'vpc', { cidr: props.cidr, zones: props.zones });
    else if (props.subnets) {
      throw new SettingError(this, 'subnets must come with a vpc', 'no vpc', 'Give the vpc, or leave subnets out.');
    }
    const removalPolicy = removalPolicyOf(this, props.removal);

    this.subnets = props.subnets ?? { subnetType: SubnetType.PRIVATE_ISOLATED };
    this.vpc = props.vpc ?? this.makeVpc(cidr, zones, removalPolicy);
  }

  private makeVpc(cidr: string, zones: number, removalPolicy: RemovalPolicy): Vpc {
    const known = Stack.of(this).availabilityZones;
    if (known.length < zones) {
      const remedy = 'Override availabilityZones in the stack, as AwsPlatform does.';
      throw new SettingError(this, `zones must be at most the ${known.length} availabilityZones of the stack`, zones, remedy);
    }
    const vpc = new Vpc(this, 'Vpc', {
      ipAddresses: IpAddresses.cidr(cidr),
      availabilityZones: known.slice(0, zones),
      reservedAzs: MOST_ZONES - zones,
      natGateways: 0,
      createInternetGateway: false,
      subnetConfiguration: [
        { name: 'Isolated', subnetType: SubnetType.PRIVATE_ISOLATED, cidrMask: Number(cidr.split('/')[1]) + SUBNET_BITS },
      ],
      restrictDefaultSecurityGroup: true,
      gatewayEndpoints: {
        S3: { service: GatewayVpcEndpointAwsService.S3 },
        DynamoDb: { service: GatewayVpcEndpointAwsService.DYNAMODB },
      },
    });
    const logGroup = new LogGroup(this, 'FlowLogs', { retention: RetentionDays.ONE_MONTH });
    const role = new Role(this, 'FlowLogRole', { assumedBy: new ServicePrincipal('vpc-flow-logs.amazonaws.com') });
    const actions = ['logs:CreateLogStream', 'logs:DescribeLogStreams', 'logs:PutLogEvents'];
    Grant.addToPrincipal({ grantee: role, actions, resourceArns: [logGroup.logGroupArn] });
    // Not FlowLog of aws-ec2: it writes the path of the source code on this machine into the template.
    new CfnFlowLog(this, 'FlowLog', {
      resourceType: 'VPC',
      resourceId: vpc.vpcId,
      trafficType: 'REJECT',
      logDestinationType: 'cloud-watch-logs',
      logGroupName: logGroup.logGroupName,
      deliverLogsPermissionArn: role.roleArn,
    });
    answerCommonFindings(this);
    // Also the custom resource of the default security group: when it is deleted, it restores the default rules.
    for (const resource of this.node.findAll().filter(CfnResource.isCfnResource)) resource.applyRemovalPolicy(removalPolicy);
    return vpc;
  }
}

/** Refuse a range that does not start at its first address, because EC2 refuses it. */
function requireRange(scope: Construct, cidr: string) {
  if (Token.isUnresolved(cidr)) {
    const got = 'a value that is known only at deploy';
    throw new SettingError(scope, 'cidr must be known while synthesizing', got, 'It is divided into subnets, so give the range itself.');
  }
  requireText(scope, { cidr }, CIDR);
  const [address = '', size] = cidr.split('/');
  const bits = address
    .split('.')
    .map((part) => Number(part).toString(2).padStart(8, '0'))
    .join('');
  const start = bits
    .slice(0, Number(size))
    .padEnd(32, '0')
    .match(/.{8}/g)!
    .map((byte) => Number.parseInt(byte, 2))
    .join('.');
  if (start === address) return;
  throw new SettingError(scope, `cidr must start at ${start}`, JSON.stringify(cidr), `Write ${start}/${size}.`);
}
