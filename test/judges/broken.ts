import { cpSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TerraformStack, terraformStacks } from '../../scripts/judges/terraform/stack';
import { temporaryFolder } from '../support/folder';

/** A copy of the stack of a cloud that somebody breaks. */
export function broken(cloud: 'azure' | 'gcp', breakIt: (json: any) => void): TerraformStack {
  const stack = terraformStacks().find(({ name }) => name === `${cloud}-pipeline`)!;
  const json = structuredClone(stack.json);
  breakIt(json);
  const folder = temporaryFolder();
  cpSync(stack.folder, folder, { recursive: true });
  writeFileSync(path.join(folder, 'cdk.tf.json'), JSON.stringify(json));
  return { ...stack, folder, json };
}

/** The resource of a type whose name starts so; without a name the first one. */
export function the(json: any, type: string, name = ''): any {
  return json.resource[type][key(json, type, name)];
}

/** How expressions call that resource. */
export function address(json: any, type: string, name = ''): string {
  return `${type}.${key(json, type, name)}`;
}

function key(json: any, type: string, name: string): string {
  const found = Object.keys(json.resource[type] ?? {}).find((one) => one.startsWith(name));
  if (!found) throw new Error(`no ${type} is called ${name}...`);
  return found;
}
