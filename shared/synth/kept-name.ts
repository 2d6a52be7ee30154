import { Aspects, TerraformResource, TerraformStack } from 'cdktf';
import type { IConstruct } from 'constructs';
import { SettingError } from './settings';

/** Who has which name, by stack: `hub "events"` belongs to `stack/Buffer`. */
const taken = new WeakMap<TerraformStack, Map<string, string>>();

/**
 * Take a name that only one of its kind may have in a stack. Two would be made in one place, and fail in the middle of an apply.
 * @param kind what has the name, in the singular
 * @param setting the name by its setting
 * @throws SettingError that names who has it
 */
export function takeName(scope: IConstruct, kind: string, setting: Readonly<Record<string, string>>) {
  const stack = TerraformStack.of(scope);
  const names = taken.get(stack) ?? new Map<string, string>();
  taken.set(stack, names);
  for (const [name, value] of Object.entries(setting)) {
    const key = `${kind} ${JSON.stringify(value)}`;
    const owner = names.get(key);
    if (owner !== undefined)
      throw new SettingError(
        scope,
        `${name} must belong to one ${kind} in a stack`,
        JSON.stringify(value),
        `It is the name of ${owner}: choose another.`,
      );
    names.set(key, scope.node.path);
  }
}

/**
 * Give what holds data or a position an address in the state that comes from its name, not from its place in the tree.
 *
 * Terraform destroys whatever has left its address, and `prevent_destroy` leaves with it: a construct that is renamed or
 * nested would take its data along, and nobody would be asked. Under this address nothing happens. A state that has it under
 * its place in the tree is told, with a `moved` block, that it is the same.
 * @param resource what was just made, and nothing refers to yet
 * @param address what no other resource of its type has: see {@link takeName}
 */
export function keepAddress(resource: TerraformResource, address: string) {
  const { terraformResourceType: type } = resource;
  const stack = TerraformStack.of(resource);
  const place = stack.getLogicalId(resource);
  resource.overrideLogicalId(address);
  resource.moveFromId(`${type}.${place}`);
  // CDKTF would write one of two over the other, without a word. Not before the end: asked for its id, a resource keeps it.
  Aspects.of(resource).add({
    visit: () => {
      const isTwin = (one: IConstruct) =>
        one !== resource &&
        TerraformResource.isTerraformResource(one) &&
        one.terraformResourceType === type &&
        one.friendlyUniqueId === address;
      const twin = stack.node.findAll().find(isTwin);
      if (twin)
        throw new SettingError(
          twin,
          `id must not be that of ${resource.node.path} in the state`,
          `${type}.${address}`,
          'Give this construct another id.',
        );
    },
  });
}
