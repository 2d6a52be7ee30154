import { RoleAssignment } from '@cdktf/provider-azurerm/lib/role-assignment';
import type { StorageContainer } from '@cdktf/provider-azurerm/lib/storage-container';
import { Aspects, DefaultTokenResolver, StringConcat, TerraformStack, Tokenization } from 'cdktf';
import type { IConstruct } from 'constructs';
import { SettingError } from '../../../shared/synth/settings';
import type { EventTarget } from '../../ports/records';

/**
 * Refuse a loop, when all is made: a workload that reads the events of new objects of a container, and writes to it, would be called
 * for each object that it writes, without end. It is known by its role assignments in the same stack. A loop over two buffers is not.
 */
export function refuseLoops(store: IConstruct, container: StorageContainer, { endpoint }: EventTarget) {
  const stack = TerraformStack.of(store);
  Aspects.of(stack).add({ visit: (one) => one === stack && requireNoLoop(store, container, endpoint) });
}

function requireNoLoop(store: IConstruct, container: StorageContainer, endpoint: EventTarget['endpoint']) {
  const [given] = Object.values(endpoint) as [string | { readonly queueName: string }];
  const buffer = resourceOf(store, typeof given === 'string' ? given : given.queueName);
  const roles = TerraformStack.of(store)
    .node.findAll()
    .filter((one): one is RoleAssignment => one instanceof RoleAssignment && one.forEach === undefined)
    .map((one) => ({
      owner: one.node.scope!,
      on: resourceOf(store, one.scopeInput ?? ''),
      name: one.roleDefinitionNameInput ?? '',
      principal: resolved(store, one.principalIdInput ?? ''),
    }));
  const writers = roles.filter(({ on, name }) => on === resourceOf(store, container.id) && /Contributor|Owner/.test(name));
  const readers = roles.filter(({ on, name }) => (on === buffer || on.endsWith(`/${buffer}`)) && !name.endsWith('Sender'));
  const both = writers.find(({ principal }) => readers.some((reader) => reader.principal === principal));
  if (!both) return;
  const remedy = 'Each object that it writes would call it again, without end: give it another store.';
  throw new SettingError(store, 'a reader of the events of new objects must not write where they are', both.owner.node.path, remedy);
}

/** The address of the resource that an attribute is of, or the text itself. */
function resourceOf(scope: IConstruct, value: string): string {
  const text = resolved(scope, value);
  return /^\$\{([\w.-]+)\.\w+\}$/.exec(text)?.[1] ?? text;
}

function resolved(scope: IConstruct, text: string): string {
  return String(Tokenization.resolve(text, { scope, resolver: new DefaultTokenResolver(new StringConcat()), preparing: false }));
}
