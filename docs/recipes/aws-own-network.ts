// docs:start
import { SecurityGroup, Vpc } from 'aws-cdk-lib/aws-ec2';
import type { Construct } from 'constructs';
import { KinesisBuffer } from '../../aws/buffer/kinesis/kinesis-buffer';
import { ApiGatewayEntry } from '../../aws/connect/api-gateway/api-gateway-entry';
import { AwsPlatform, type AwsPlatformProps } from '../../aws/foundation/platform';
import { LambdaProcessor } from '../../aws/processing/lambda/lambda-processor';
import { S3Store } from '../../aws/store/s3/s3-store';
import eventSchema from '../../shared/runtime/event.schema.json';
import { packageHandler } from '../../shared/synth/handler-package';

/**
 * The function in an existing VPC.
 *
 * For a transform that needs something in the VPC. Write the ids as here: `Vpc.fromLookup` would read your account at every
 * synthesis, and give another template without credentials. The subnets need a route to S3 and SQS for rows and dead letters: a
 * gateway endpoint for S3 and an interface endpoint for SQS, or a NAT gateway. The function needs no route to Kinesis, because
 * Lambda reads the stream outside of the VPC. Without `securityGroups` a new group is created, with all outbound and no inbound
 * traffic.
 */
export class OwnNetwork extends AwsPlatform {
  constructor(scope: Construct, id: string, props: AwsPlatformProps = {}) {
    super(scope, id, props);
    const { removal } = this;
    const vpc = Vpc.fromVpcAttributes(this, 'Vpc', {
      vpcId: 'vpc-0a1b2c3d4e5f60718',
      availabilityZones: ['eu-west-1a', 'eu-west-1b'],
      privateSubnetIds: ['subnet-0123456789abcdef0', 'subnet-0fedcba9876543210'],
      privateSubnetRouteTableIds: ['rtb-0123456789abcdef0', 'rtb-0fedcba9876543210'],
    });
    const subnets = { subnets: vpc.privateSubnets };

    const store = new S3Store(this, 'Store', { removal });
    const buffer = new KinesisBuffer(this, 'Buffer', { removal });
    new ApiGatewayEntry(this, 'Connect', { sink: buffer, eventSchema });
    new LambdaProcessor(this, 'Processing', {
      code: packageHandler('aws/handlers/kinesis-to-s3'),
      source: buffer,
      stores: { STORE: store },
      network: { vpc, subnets },
      securityGroups: [SecurityGroup.fromSecurityGroupId(this, 'Group', 'sg-0a1b2c3d4e5f60718', { mutable: false })],
    });
  }
}
// docs:end
