import { Aspects, TerraformResource, TerraformStack } from 'cdktf';
import type { IConstruct } from 'constructs';
import { SettingError } from './settings';

/** For each stack, the construct that uses a name: `hub "events"` is used by `stack/Buffer`. */
const taken = new WeakMap<TerraformStack, Map<string, string>>();

/**
 * Reserve a name that may be used once in a stack. A second resource with the same name would make the apply fail.
 * @param kind what the name is for, in the singular, such as `hub`
 * @param setting the name, by the setting that it comes from
 * @throws SettingError that shows the path of the construct that already uses the name
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
        `${owner} already uses it. Choose another name.`,
      );
    names.set(key, scope.node.path);
  }
}

/**
 * Set the address of a resource in Terraform's state from its name instead of its path in the construct tree.
 *
 * Terraform destroys a resource whose address is no longer in the configuration, and `prevent_destroy` is then gone too: if a
 * construct that holds data were renamed or nested, its data would be deleted. This address stays the same. If the state still
 * has the address from the construct tree, a `moved` block renames it there.
 * @param resource a resource that was just created and that nothing refers to yet
 * @param address unique for the type of the resource in a stack: see {@link takeName}
 */
export function keepAddress(resource: TerraformResource, address: string) {
  const { terraformResourceType: type } = resource;
  const stack = TerraformStack.of(resource);
  const place = stack.getLogicalId(resource);
  resource.overrideLogicalId(address);
  resource.moveFromId(`${type}.${place}`);
  // CDKTF would overwrite one of two resources with the same id without an error. Checked at the end, because reading the id of a resource fixes it.
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
          `id must differ from that of ${resource.node.path} in the state`,
          `${type}.${address}`,
          'Choose another id for this construct.',
        );
    },
  });
}
