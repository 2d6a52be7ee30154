import { Aspects, DefaultTokenResolver, StringConcat, TerraformResource, TerraformStack, Tokenization } from 'cdktf';
import type { IConstruct } from 'constructs';
import { SettingError } from './settings';

/** For each app, the path of the construct that has a name. */
const owners = new WeakMap<IConstruct, Map<string, string>>();

/** For each stack, the resources whose address comes from their name. */
const kept = new WeakMap<TerraformStack, Set<TerraformResource>>();

/**
 * Take a name that is unique in its place. A second resource with the same name would make the apply fail, or overwrite the first
 * one. Call it after all other checks, before the first resource.
 *
 * A name or a place that is known only at deploy is compared within its stack.
 * @param what the kind of the construct, and its place: `buffer of a site`
 * @param name the setting that the names of its resources are made from
 * @param place what makes the name unique: `[site.project, site.prefix]` on GCP, `[site.prefix, site.suffix]` on Azure, or the id
 * of an existing resource that contains the new one
 * @param remedy what to do instead, as a sentence
 * @throws SettingError that shows the path of the construct that already has the name
 */
export function takeName(scope: IConstruct, what: string, name: string, place: readonly string[], remedy = 'Set name on one of them.') {
  const { root } = scope.node;
  const ofApp = owners.get(root) ?? new Map<string, string>();
  owners.set(root, ofApp);
  const known = [...place, name].map((text) => resolved(scope, text));
  // Another stack can be in another subscription or have another value of a variable.
  const stack = known.some(isExpression) ? TerraformStack.of(scope).node.path : '';
  const key = JSON.stringify([what, stack, ...known]);
  const owner = ofApp.get(key);
  if (owner !== undefined)
    throw new SettingError(scope, `each ${what} must have its own name`, `"${known.at(-1)}", which ${owner} has`, remedy);
  ofApp.set(key, scope.node.path);
}

/**
 * Set the address of a resource in the state of Terraform from its name instead of its path in the construct tree. Use it for what
 * holds data or a position.
 *
 * Terraform destroys a resource whose address is no longer in the configuration, and `prevent_destroy` is then gone too: if a
 * construct that holds data were renamed or nested, its data would be deleted. This address stays the same. If the state still
 * has the address from the construct tree, a `moved` block renames it there.
 *
 * A second resource at the same address is refused during synthesis.
 * @param resource a resource that was just created and that nothing refers to yet
 * @param name its name without what all names of a site have in common. It may be known only at deploy
 */
export function keepAddress(resource: TerraformResource, name: string) {
  const stack = TerraformStack.of(resource);
  const fromTree = stack.getLogicalId(resource);
  resource.overrideLogicalId(identifier(resolved(resource, name)));
  resource.moveFromId(`${resource.terraformResourceType}.${fromTree}`);
  keptIn(stack).add(resource);
}

function keptIn(stack: TerraformStack): Set<TerraformResource> {
  const known = kept.get(stack);
  if (known) return known;
  const ofStack = new Set<TerraformResource>();
  kept.set(stack, ofStack);
  // Checked at the end, because to read the address of a resource fixes it.
  Aspects.of(stack).add({ visit: (one) => one === stack && refuseTwins(stack, ofStack) });
  return ofStack;
}

/** CDKTF would overwrite one of two resources at the same address without an error. */
function refuseTwins(stack: TerraformStack, ofStack: ReadonlySet<TerraformResource>) {
  const resources = stack.node
    .findAll()
    .filter((one): one is TerraformResource => TerraformResource.isTerraformResource(one) && TerraformStack.of(one) === stack);
  for (const first of ofStack) {
    const address = addressOf(first);
    // Only resources of its type are asked for their address.
    const twin = resources.find(
      (one) => one !== first && one.terraformResourceType === first.terraformResourceType && addressOf(one) === address,
    );
    if (!twin) continue;
    const remedy = ofStack.has(twin)
      ? 'Set name on one of them, or give each a stack of its own.'
      : 'Choose another id for this construct.';
    throw new SettingError(
      twin,
      'each resource of a stack must have its own address in the state',
      `${address}, which ${first.node.path} has`,
      remedy,
    );
  }
}

function addressOf({ terraformResourceType, friendlyUniqueId }: TerraformResource): string {
  return `${terraformResourceType}.${friendlyUniqueId}`;
}

/** A name as Terraform accepts it in an address. An expression such as `${var.name}` becomes `var_name`. */
function identifier(name: string): string {
  return name
    .replace(/\$\{([^}]*)\}/g, '$1')
    .replace(/\W/g, '_')
    .replace(/^(?=\d)/, '_');
}

/** A text as it is in the template. */
export function resolved(scope: IConstruct, text: string): string {
  const resolver = new DefaultTokenResolver(new StringConcat());
  return String(Tokenization.resolve(text, { scope, resolver, preparing: false }));
}

function isExpression(text: string): boolean {
  return text.includes('${');
}
