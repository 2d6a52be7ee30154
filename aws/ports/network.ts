import type { IVpc, SubnetSelection } from 'aws-cdk-lib/aws-ec2';

/** A VPC, and the subnets to use. */
export interface Network {
  readonly vpc: IVpc;
  readonly subnets: SubnetSelection;
}
