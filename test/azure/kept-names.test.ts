import { TerraformStack } from 'cdktf';
import { Construct } from 'constructs';
import { EventHubBuffer } from '../../azure/connect/event-hub/event-hub-buffer';
import { HostStorage } from '../../azure/processing/functions/host-storage';
import { BlobStore } from '../../azure/store/blob/blob-store';
import { anywhere } from '../support/moved';
import { Person, site, synthesize, Target } from './stand-ins';

const group = '/subscriptions/S/resourceGroups/theirs/providers';
const namespaceId = `${group}/Microsoft.EventHub/namespaces/plants`;
const hubId = `${namespaceId}/eventhubs/presses`;
const accountId = `${group}/Microsoft.Storage/storageAccounts/plants`;

/** Everything that holds data or a position, below a scope. */
function holders(scope: Construct, ending = '') {
  const buffer = new EventHubBuffer(scope, `Buffer${ending}`, { site });
  buffer.deliverTo(new Target(scope, 'Func'));
  new BlobStore(scope, `Store${ending}`, { site });
  new HostStorage(scope, `Host${ending}`, { site, name: 'func' });
}

const KINDS = ['eventhub_namespace', 'eventhub', 'storage_account', 'storage_container'].map((kind) => `azurerm_${kind}`);
const addressesOf = ({ json }: Pick<ReturnType<typeof synthesize>, 'json'>) =>
  KINDS.flatMap((type) => Object.entries(json.resource![type]!).map(([id, { name }]) => `${type}.${id}: ${name}`));

const plain = synthesize((stack) => holders(stack));

test('what holds data or a position has its name and its address from what the user chose', () => {
  expect(addressesOf(plain)).toEqual([
    'azurerm_eventhub_namespace.events: acme-events-1a2b3c4d',
    'azurerm_eventhub.events: events',
    'azurerm_storage_account.data: acmedata1a2b3c4d',
    'azurerm_storage_account.func: acmefunc1a2b3c4d',
    'azurerm_storage_container.data_dead_letter: dead-letter',
    'azurerm_storage_container.data_events: events',
    'azurerm_storage_container.func_packages: packages',
  ]);
});

test('a construct that is moved, nested or renamed has the same address and the same name, so that Terraform touches nothing of it', () => {
  const consumerGroups = plain.all('azurerm_eventhub_consumer_group').map(({ name }) => name);
  anywhere((place) => {
    const moved = synthesize((stack) => {
      const { scope, ending } = place(stack);
      holders(scope, ending);
    });
    expect(addressesOf(moved)).toEqual(addressesOf(plain));
    expect(moved.all('azurerm_eventhub_consumer_group').map(({ name }) => name)).toEqual(consumerGroups);
  });
});

test('what has another address in an older state moves to its address', () => {
  expect(plain.json.moved.map(({ to }: { to: string }) => to).sort()).toEqual(
    addressesOf(plain)
      .map((line) => line.split(':')[0])
      .sort(),
  );
});

describe('refuses two', () => {
  const has = (what: string, name: string, owner: string, remedy = 'Set name on one of them.') =>
    `: each ${what} must have its own name, got "${name}", which ${owner} has. ${remedy}`;
  const inTwoStacks = (make: (scope: Construct, id: string) => unknown) => () =>
    synthesize((stack) => {
      make(stack, 'First');
      make(new TerraformStack(stack.node.root as Construct, 'other'), 'Second');
    });

  test.each<[string, () => unknown, string]>([
    [
      'stores of one name in two stacks of one site',
      inTwoStacks((scope, id) => new BlobStore(scope, id, { site })),
      `other/Second${has('storage account of a site', 'data', 'test/First')}`,
    ],
    [
      'stores of one name in one existing account',
      inTwoStacks((scope, id) => new BlobStore(scope, id, { site: { ...site, prefix: id.toLowerCase() }, accountId })),
      `other/Second${has('store in an account', 'data', 'test/First')}`,
    ],
    [
      'hubs of one name in one existing namespace',
      inTwoStacks((scope, id) => new EventHubBuffer(scope, id, { site: { ...site, prefix: id.toLowerCase() }, namespaceId })),
      `other/Second${has('hub of a namespace', 'events', 'test/First')}`,
    ],
    [
      'readers of one name of one existing hub, which would share a consumer group',
      () =>
        synthesize((stack) =>
          ['first', 'second'].map((name) =>
            new EventHubBuffer(stack, name, { site, name, hubId }).bindReader(new Person(new Construct(stack, `${name}s`), 'Spark'), 'IN'),
          ),
        ),
      `test/seconds/Spark${has('reader of a hub', 'acme-spark', 'test/firsts/Spark', 'Its consumer group has the same name.')}`,
    ],
    [
      'hubs at one address in the state, from two sites in one stack',
      () => synthesize((stack) => ['one', 'two'].map((prefix) => new EventHubBuffer(stack, prefix, { site: { ...site, prefix } }))),
      'test/two/Namespace/Resource: each resource of a stack must have its own address in the state, got azurerm_eventhub_namespace.events, which test/one/Namespace/Resource has. Set name on one of them, or give each a stack of its own.',
    ],
  ])('%s', (_, act, message) => expect(act).toThrow(new Error(message)));

  test('and no more: the same name in another site, another account or another namespace is another one', () => {
    expect(inTwoStacks((scope, id) => new BlobStore(scope, id, { site: { ...site, prefix: id.toLowerCase() } }))).not.toThrow();
    expect(inTwoStacks((scope, id) => new BlobStore(scope, id, { site, accountId: `${accountId}${id}` }))).not.toThrow();
    expect(inTwoStacks((scope, id) => new EventHubBuffer(scope, id, { site, name: id.toLowerCase(), namespaceId }))).not.toThrow();
  });
});
