import { DefaultTokenResolver, StringConcat, TerraformResource, TerraformStack, Tokenization } from 'cdktf';
import type { IConstruct } from 'constructs';
import { SettingError } from '../../shared/synth/settings';

const NAME = 'google-name';
const ADDRESS = 'google-address';

/**
 * Refuse a name that another construct of the same kind has in the app: the second one would fail in the middle of an apply.
 * Call it after all other checks, before the first resource.
 * @param place where the name must be unique: a project and the prefix of a site, or a dataset
 * @param what the kind, such as `buffer of a site`
 * @throws SettingError
 */
export function requireUnique(scope: IConstruct, place: readonly string[], what: string, name: string, remedy: string) {
  const claim = [what, ...place, name].map((part) => inTemplate(scope, part)).join('\n');
  const isUsed = scope.node.root.node.findAll().some(({ node }) => node.metadata.some(({ type, data }) => type === NAME && data === claim));
  if (isUsed) throw new SettingError(scope, `each ${what} must have its own name`, `"${name}" again`, remedy);
  scope.node.addMetadata(NAME, claim);
}

/** A text as it is in the template. A value that is known only at deploy is unique only within its stack, so the path of the stack is added. */
function inTemplate(scope: IConstruct, text: string): string {
  const resolver = new DefaultTokenResolver(new StringConcat());
  const found = String(Tokenization.resolve(text, { scope, resolver, preparing: false }));
  return found.includes('${') ? `${TerraformStack.of(scope).node.path} ${found}` : found;
}

/**
 * Set the address of a resource in the Terraform state from its name, for resources that hold data or a position. If an address
 * is no longer in the template, Terraform destroys its resource, even with `prevent_destroy`. So a construct that is moved or
 * renamed must keep the address. A `moved` block moves a resource from the address that CDKTF builds from its place in the tree.
 * @param name the name without the prefix, which may be known only at deploy
 */
export function fixAddress<Resource extends TerraformResource>(resource: Resource, name: string): Resource {
  const stack = TerraformStack.of(resource);
  const type = resource.terraformResourceType;
  // An address must not start with a digit.
  const address = `${type}.${name.replaceAll('-', '_').replace(/^(?=\d)/, '_')}`;
  const before = (one: TerraformResource) => `${one.terraformResourceType}.${stack.getLogicalId(one)}`;
  // Two sites in one stack can have equal names after their prefixes. getLogicalId is used, because after reading its id, a resource accepts no other.
  const isAt = (one: IConstruct) =>
    one.node.metadata.some(({ type: key, data }) => key === ADDRESS && data === address) ||
    (TerraformResource.isTerraformResource(one) && before(one) === address);
  if (stack.node.findAll().some(isAt)) return resource;
  resource.node.addMetadata(ADDRESS, address);
  resource.overrideLogicalId(address.slice(type.length + 1));
  resource.moveFromId(before(resource));
  return resource;
}
