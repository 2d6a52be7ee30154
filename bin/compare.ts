import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Difference, differences, type Parts } from '../shared/read/differences';
import { environments } from './environment';

/** A stack as the CDK synthesized it. */
interface SynthesizedStack {
  readonly stackName: string;
  readonly template: { readonly Resources: Parts };
  readonly terminationProtection?: boolean;
  readonly environment: { readonly account: string; readonly region: string };
}

/**
 * Synthesize every other environment, and wait for what to compare with them.
 * @param synthesize gives the parts of the stack of an environment
 */
export function compared(env: NodeJS.ProcessEnv, synthesize: (env: NodeJS.ProcessEnv, outdir: string) => Parts) {
  const others = env.ENVIRONMENT === undefined ? [] : environments().filter((name) => name !== env.ENVIRONMENT);
  const parts = others.map((name) => {
    const outdir = mkdtempSync(path.join(tmpdir(), `${name}-`));
    try {
      return [name, synthesize({ ...env, ENVIRONMENT: name }, outdir)] as const;
    } finally {
      rmSync(outdir, { recursive: true });
    }
  });
  return (mine: Parts): Readonly<Record<string, readonly Difference[]>> =>
    Object.fromEntries(parts.map(([name, theirs]) => [name, differences(theirs, mine)]));
}

/** Every resource of a template of CloudFormation, without what stands in its metadata alone. */
export function partsOfStack({ Resources }: { readonly Resources: Parts }): Parts {
  return Object.fromEntries(Object.entries(Resources).map(([id, resource]) => [id, { ...(resource as Parts), Metadata: undefined }]));
}

/** Every resource of stacks of CloudFormation, and what is said of the stack itself. */
export function partsOfStacks(stacks: readonly SynthesizedStack[]): Parts {
  const parts = stacks.map(({ stackName, template, terminationProtection = false, environment: { account, region } }) => ({
    ...(nameless(template.Resources, stackName) as Parts),
    stack: { terminationProtection, account, region },
  }));
  return Object.assign({}, ...parts);
}

/** Every block of a stack of Terraform, by its address. */
export function partsOfTerraform(json: Readonly<Record<string, Parts>>): Parts {
  const { '//': notes, resource = {}, variable = {}, terraform, provider } = json;
  const stack = String((notes?.metadata as { stackName?: string } | undefined)?.stackName);
  const addressed = (type: string, blocks: Parts) => Object.entries(blocks).map(([name, block]) => [`${type}.${name}`, block] as const);
  const blocks = Object.fromEntries([
    ...Object.entries(resource).flatMap(([type, made]) => addressed(type, made as Parts)),
    ...addressed('var', variable),
  ]);
  return nameless({ ...blocks, terraform, provider }, stack) as Parts;
}

/**
 * Without the name of the stack, which differs wherever it stands, without the hash that the CDK makes of a name with it, and
 * without the notes of CDKTF.
 */
function nameless(parts: unknown, stack: string): unknown {
  const hashed = new RegExp(`(\\w*)${stack.replaceAll('-', '')}([-\\w]*?)-?[0-9A-F]{8}(?:[0-9A-F]{8})?(?![0-9A-Za-z])`, 'g');
  return JSON.parse(
    JSON.stringify(parts, (key, value) => (key === '//' ? undefined : value))
      .replaceAll(hashed, '$1(stack)$2')
      .replaceAll(stack, '(stack)')
      .replaceAll(/(Deployment[0-9A-F]{8})[0-9a-f]{32}/g, '$1'),
  );
}
