import { TerraformStack } from 'cdktf';
import { SettingError } from './settings';

/**
 * Refuse a stack that has the id of another one. CDKTF writes each stack into the folder of its id, wherever in the app it
 * stands: the second would be written over the first, and both would share one state.
 * @throws SettingError that names the other stack
 */
export function requireOwnName(stack: TerraformStack): void {
  const twin = stack.node.root.node.findAll().find((one) => one !== stack && TerraformStack.isStack(one) && one.node.id === stack.node.id);
  if (!twin) return;
  const remedy = `${twin.node.path} has it too, and both would be written into one folder. Name it by what it is for, such as ${stack.node.id}-dev.`;
  throw new SettingError(stack, 'id must be the only one of its name in the app', stack.node.id, remedy);
}
