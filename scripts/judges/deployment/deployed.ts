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
  /** Whether the deploy changed nothing. */
  readonly unchanged?: boolean;
}

/** A stack that records can be sent through: a stream, and the function that reads it. */
export interface Way extends Deployed {
  readonly stream: string;
  /** The log group of the function. */
  readonly log: string;
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
  return {
    arn: StackId!,
    names,
    outputs: Object.fromEntries((Outputs ?? []).map(({ OutputKey, OutputValue }) => [OutputKey!, OutputValue!])),
  };
}

/** The way of a record through a stack that was deployed. Nothing for one that has another way, which nobody knows how to send records. */
export function wayThrough({ Resources }: CfnTemplate, as: Deployed): Way | undefined {
  const all = (type: string) => Object.entries(Resources).filter(([, { Type }]) => Type === type);
  const [[stream] = [], ...streams] = all('AWS::Kinesis::Stream');
  const [[, trigger] = [], ...triggers] = all('AWS::Lambda::EventSourceMapping');
  const hasShown = as.outputs.ShowCommand?.includes('s3://') && as.outputs.DeadLettersCommand !== undefined;
  if (!stream || !trigger || streams.length > 0 || triggers.length > 0 || !hasShown) return undefined;
  const handler = Resources[refOf(trigger.Properties!.FunctionName)!]!;
  return { ...as, stream: as.names.get(stream)!, log: as.names.get(refOf(handler.Properties!.LoggingConfig)!)! };
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
