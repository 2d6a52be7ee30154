import { DefaultTokenResolver, StringConcat, TerraformResource, TerraformStack, Tokenization } from 'cdktf';
import type { IConstruct } from 'constructs';
import { SettingError } from '../../shared/synth/settings';

const NAME = 'google-name';
const ADDRESS = 'google-address';

/**
 * Refuse a name that another one of its kind has in the app: the second would fail in the middle of an apply. Call it last of
 * all checks, before the first resource.
 * @param place what the name must be unique in: a project and the prefix of a site, a dataset
 * @param what the kind, such as `buffer of a site`
 * @throws SettingError
 */
export function requireUnique(scope: IConstruct, place: readonly string[], what: string, name: string, remedy: string) {
  const claim = [what, ...place, name].map((part) => written(scope, part)).join('\n');
  const isTaken = scope.node.root.node
    .findAll()
    .some(({ node }) => node.metadata.some(({ type, data }) => type === NAME && data === claim));
  if (isTaken) throw new SettingError(scope, `each ${what} must have a name of its own`, `"${name}" again`, remedy);
  scope.node.addMetadata(NAME, claim);
}

/** A text as it stands in the template. One that is known only at deploy means the same within its stack alone. */
function written(scope: IConstruct, text: string): string {
  const resolver = new DefaultTokenResolver(new StringConcat());
  const found = String(Tokenization.resolve(text, { scope, resolver, preparing: false }));
  return found.includes('${') ? `${TerraformStack.of(scope).node.path} ${found}` : found;
}

/**
 * Give what holds data or a position an address in the state that is made of its name. Terraform destroys what it finds at an
 * address that is no longer there, whatever its `prevent_destroy` said: so a construct that is moved or renamed must
 * keep the address. What has the address that CDKTF makes of the place in the tree is moved to this one.
 * @param name the name without the prefix, which may be known only at deploy
 */
export function fixAddress<Resource extends TerraformResource>(resource: Resource, name: string): Resource {
  const stack = TerraformStack.of(resource);
  const type = resource.terraformResourceType;
  // An address starts with no digit.
  const address = `${type}.${name.replaceAll('-', '_').replace(/^(?=\d)/, '_')}`;
  const before = (one: TerraformResource) => `${one.terraformResourceType}.${stack.getLogicalId(one)}`;
  // Two sites in one stack can have equal names behind their prefixes. Asked for its id, a resource would no longer take another.
  const isAt = (one: IConstruct) =>
    one.node.metadata.some(({ type: key, data }) => key === ADDRESS && data === address) ||
    (TerraformResource.isTerraformResource(one) && before(one) === address);
  if (stack.node.findAll().some(isAt)) return resource;
  resource.node.addMetadata(ADDRESS, address);
  resource.overrideLogicalId(address.slice(type.length + 1));
  resource.moveFromId(before(resource));
  return resource;
}
