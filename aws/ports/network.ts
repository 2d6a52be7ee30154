import type { IVpc, SubnetSelection } from 'aws-cdk-lib/aws-ec2';

/** A private network, and the part of it to stand in. */
export interface Network {
  readonly vpc: IVpc;
  readonly subnets: SubnetSelection;
}
