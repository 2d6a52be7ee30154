import { TerraformStack } from 'cdktf';
import { SettingError } from './settings';

/**
 * Refuse a stack with the same id as another stack of the app. CDKTF writes each stack into a folder named after its id: the
 * second would overwrite the first, and both would share one state.
 * @throws SettingError that shows the path of the other stack
 */
export function requireOwnName(stack: TerraformStack): void {
  const twin = stack.node.root.node.findAll().find((one) => one !== stack && TerraformStack.isStack(one) && one.node.id === stack.node.id);
  if (!twin) return;
  const remedy = `${twin.node.path} has the same id, and both would be written into one folder. Choose another id, such as ${stack.node.id}-dev.`;
  throw new SettingError(stack, 'id must be unique in the app', stack.node.id, remedy);
}
