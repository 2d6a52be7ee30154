import { Grant, type Role } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { Workload } from '../../../../aws/ports/identity';
import type { Job, StartRequest } from '../../../../aws/ports/jobs';

/** A job of no service in particular. */
export class AJob extends Construct implements Job {
  constructor(
    scope: Construct,
    id: string,
    private readonly busy?: readonly string[],
  ) {
    super(scope, id);
  }

  bindStart({ role }: Workload & { readonly role: Pick<Role, 'grantPrincipal'> }): StartRequest {
    const arn = `arn:aws:glue:eu-west-1:123456789012:job/${this.node.id}`;
    const grant = Grant.addToPrincipal({ grantee: role, actions: ['glue:StartJobRun'], resourceArns: [arn] });
    return { resource: 'arn:aws:states:::glue:startJobRun.sync', parameters: { JobName: this.node.id }, busy: this.busy, waitFor: [grant] };
  }
}
