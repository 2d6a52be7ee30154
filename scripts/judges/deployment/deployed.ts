import { DescribeStackResourcesCommand, DescribeStacksCommand, UpdateStackCommand } from '@aws-sdk/client-cloudformation';
import { type CfnTemplate, refOf } from '../../../shared/read/cfn';
import type { Clients } from './clients';
import { eventually } from './wait';

/** A stack, as the server tells of it. */
export interface Deployed {
  readonly arn: string;
  readonly outputs: Readonly<Record<string, string>>;
  /** The name of each resource, by its id in the template. */
  readonly names: ReadonlyMap<string, string>;
  readonly stream: string;
  /** The log group of the function. */
  readonly log: string;
  /** Whether the deploy changed nothing. */
  readonly unchanged?: boolean;
}

/** @throws Error when a resource of the template is not there, or is not complete */
export async function deployed({ cloudFormation }: Clients, StackName: string, template: CfnTemplate): Promise<Deployed> {
  const { Stacks } = await cloudFormation.send(new DescribeStacksCommand({ StackName }));
  const { StackResources } = await cloudFormation.send(new DescribeStackResourcesCommand({ StackName }));
  const complete = StackResources!.filter(({ ResourceStatus }) => /^(CREATE|UPDATE)_COMPLETE$/.test(ResourceStatus!));
  const names = new Map(complete.map(({ LogicalResourceId, PhysicalResourceId }) => [LogicalResourceId!, PhysicalResourceId!]));
  const missing = Object.keys(template.Resources).filter((id) => !names.has(id));
  if (missing.length > 0) throw new Error(`not created: ${missing.join(', ')}`);
  const { StackId, Outputs } = Stacks![0]!;
  const [stream] = one(template, 'AWS::Kinesis::Stream');
  const [, trigger] = one(template, 'AWS::Lambda::EventSourceMapping');
  const handler = template.Resources[refOf(trigger.Properties!.FunctionName)!]!;
  return {
    arn: StackId!,
    names,
    outputs: Object.fromEntries(Outputs!.map(({ OutputKey, OutputValue }) => [OutputKey!, OutputValue!])),
    stream: names.get(stream)!,
    log: names.get(refOf(handler.Properties!.LoggingConfig)!)!,
  };
}

/** Put another template in the place of a stack's. */
export async function update({ cloudFormation }: Clients, StackName: string, template: CfnTemplate): Promise<void> {
  const Capabilities = ['CAPABILITY_IAM' as const];
  await cloudFormation.send(new UpdateStackCommand({ StackName, TemplateBody: JSON.stringify(template), Capabilities }));
  await eventually(`update of ${StackName}`, async () => {
    const { Stacks } = await cloudFormation.send(new DescribeStacksCommand({ StackName }));
    const status = Stacks![0]!.StackStatus!;
    if (status.includes('ROLLBACK') || status.includes('FAILED')) throw new Error(`update of ${StackName}: ${status}`);
    return status === 'UPDATE_COMPLETE' ? true : undefined;
  });
}

function one({ Resources }: CfnTemplate, type: string) {
  const found = Object.entries(Resources).filter(([, { Type }]) => Type === type);
  if (found.length !== 1) throw new Error(`the template has ${found.length} ${type}, and should have one`);
  return found[0]!;
}
