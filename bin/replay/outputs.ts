import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** The outputs of a stack, by name. */
export type Outputs = Readonly<Record<string, string>>;

/**
 * Read outputs from a file that `cdk deploy --outputs-file`, `aws cloudformation describe-stacks` or `terraform output -json` wrote.
 * @throws Error if it has another format
 */
export function outputsIn(file: string, stack: string): Outputs {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new Error(`--outputs must be a file with the outputs of the stack in JSON, got "${file}": ${(error as Error).message}`);
  }
  const { Stacks, [stack]: own } = json as { Stacks?: { StackName: string; Outputs?: Output[] }[]; [name: string]: unknown };
  if (Stacks) return byName(Stacks.find(({ StackName }) => StackName === stack)?.Outputs ?? []);
  const named = typeof own === 'object' && own !== null ? own : (json as object);
  return Object.fromEntries(
    Object.entries(named).flatMap(([name, value]) => {
      const text = typeof value === 'object' && value !== null && 'value' in value ? value.value : value;
      return typeof text === 'string' ? [[name, text]] : [];
    }),
  );
}

interface Output {
  readonly OutputKey?: string;
  readonly OutputValue?: string;
}

/** Read the outputs from CloudFormation. @throws Error if the stack does not exist or no region is set */
export async function outputsOfStack(stack: string): Promise<Outputs> {
  const { CloudFormationClient, DescribeStacksCommand }: typeof import('@aws-sdk/client-cloudformation') =
    require('@aws-sdk/client-cloudformation');
  const client = new CloudFormationClient();
  await client.config.region().catch(() => {
    throw new Error(`No region is set, so ${stack} cannot be found. Set AWS_REGION, or a region in the profile.`);
  });
  const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName: stack }));
  return byName(Stacks[0]?.Outputs ?? []);
}

/** Run `terraform output` in the folder of the stack. @throws Error if the stack was not synthesized or not applied */
export function outputsOfTerraform(root: string, stack: string): Outputs {
  const folder = path.join(root, 'cdktf.out/stacks', stack);
  const hint = 'Use --outputs FILE with a file written by terraform output -json.';
  if (!existsSync(folder)) throw new Error(`There are no outputs of ${stack}: ${folder} does not exist. ${hint}`);
  let text: string;
  try {
    text = execFileSync('terraform', ['output', '-json'], { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    throw new Error(`terraform output -json failed in ${folder}: ${(error as Error).message.split('\n')[0]}. ${hint}`);
  }
  const values = Object.entries(JSON.parse(text) as Record<string, { value: unknown }>);
  return Object.fromEntries(values.map(([name, { value }]) => [name, String(value)]));
}

function byName(outputs: readonly Output[]): Outputs {
  return Object.fromEntries(outputs.map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]));
}
