import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { synthesizeAws } from '../../../bin/aws';
import type { CfnTemplate } from '../../../shared/read/cfn';

/** What `cdk deploy --app` takes. */
export interface Assembly {
  /** The folder. */
  readonly app: string;
  /** What the stack is called on the command line. */
  readonly id: string;
  /** What the stack is called where it is deployed. */
  readonly stackName: string;
  readonly template: CfnTemplate;
}

/**
 * Synthesize what `cdk synth` does, to be deployed by another name: the template is the same, byte for byte.
 * @param env what a person sets for the synthesis, such as `REMOVAL`
 */
export function assemble(app: string, stackName: string, env: NodeJS.ProcessEnv = {}): Assembly {
  const assembly = synthesizeAws(env, app);
  const [stack, ...others] = assembly.stacks;
  if (!stack || others.length > 0) throw new Error(`One stack can be deployed at a time, and the blueprint has ${assembly.stacks.length}.`);
  const file = path.join(app, 'manifest.json');
  const manifest = JSON.parse(readFileSync(file, 'utf8'));
  manifest.artifacts[stack.id].properties.stackName = stackName;
  writeFileSync(file, JSON.stringify(manifest));
  leaveUnbuilt(path.join(app, `${stack.id}.assets.json`));
  return { app, id: stack.id, stackName, template: stack.template };
}

/** What a command builds at a deploy, such as a jar, is not built here: another file is uploaded in its place. */
function leaveUnbuilt(file: string) {
  const assets: { files: Record<string, { source: { executable?: readonly string[]; path?: string; packaging?: string } }> } = JSON.parse(
    readFileSync(file, 'utf8'),
  );
  for (const asset of Object.values(assets.files)) if (asset.source.executable) asset.source = { path: 'manifest.json', packaging: 'file' };
  writeFileSync(file, JSON.stringify(assets));
}
