// docs:start
import { Vpc } from 'aws-cdk-lib/aws-ec2';
import type { Construct } from 'constructs';
import { SqsBuffer } from '../../aws/buffer/sqs/sqs-buffer';
import { ApiGatewayEntry } from '../../aws/connect/api-gateway/api-gateway-entry';
import { PrivateNetwork } from '../../aws/foundation/network';
import { AwsPlatform, type AwsPlatformProps } from '../../aws/foundation/platform';
import { LambdaProcessor } from '../../aws/processing/lambda/lambda-processor';
import { AuroraStore } from '../../aws/store/aurora/aurora-store';
import eventSchema from '../../shared/runtime/event.schema.json';
import { packageHandler } from '../../shared/synth/handler-package';

/**
 * Aurora in an existing VPC.
 *
 * The cluster is in the isolated subnets that you name, in two availability zones. It has its own security group without inbound
 * rules: the function uses the Data API, from outside of the VPC. If your subnets are not isolated, set `subnets` of
 * `PrivateNetwork` too. The VPC is not changed, so create flow logs and endpoints yourself.
 */
export class OwnNetworkAurora extends AwsPlatform {
  constructor(scope: Construct, id: string, props: AwsPlatformProps = {}) {
    super(scope, id, props);
    const { removal } = this;
    const vpc = Vpc.fromVpcAttributes(this, 'Vpc', {
      vpcId: 'vpc-0a1b2c3d4e5f60718',
      availabilityZones: ['eu-west-1a', 'eu-west-1b'],
      isolatedSubnetIds: ['subnet-0123456789abcdef0', 'subnet-0fedcba9876543210'],
      isolatedSubnetRouteTableIds: ['rtb-0123456789abcdef0', 'rtb-0fedcba9876543210'],
    });

    const network = new PrivateNetwork(this, 'Network', { vpc });
    const store = new AuroraStore(this, 'Store', { network, removal });
    const buffer = new SqsBuffer(this, 'Buffer', { removal });
    new ApiGatewayEntry(this, 'Connect', { sink: buffer, eventSchema });
    new LambdaProcessor(this, 'Processing', {
      code: packageHandler('aws/handlers/sqs-to-aurora'),
      source: buffer,
      stores: { STORE: store },
    });
  }
}
// docs:end
