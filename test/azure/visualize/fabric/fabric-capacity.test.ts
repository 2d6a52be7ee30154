import { execFileSync } from 'node:child_process';
import { TerraformVariable } from 'cdktf';
import { EventHubBuffer } from '../../../../azure/connect/event-hub/event-hub-buffer';
import { BlobStore } from '../../../../azure/store/blob/blob-store';
import { CosmosStore } from '../../../../azure/store/cosmos/cosmos-store';
import { DataLakeStore } from '../../../../azure/store/data-lake/data-lake-store';
import { FabricCapacity, type FabricCapacityProps } from '../../../../azure/visualize/fabric/fabric-capacity';
import { documentedDefaults } from '../../../support/defaults';
import { expectSnapshot } from '../../../support/snapshot';
import { Person, readable, site, synthesize } from '../../stand-ins';

const capacityId = '/subscriptions/s/resourceGroups/g/providers/Microsoft.Fabric/capacities/theirs';
const administrators = ['jane@example.com'];
const make = (props: Partial<FabricCapacityProps> = {}, context = {}) =>
  synthesize((stack) => new FabricCapacity(stack, 'View', { site, administrators, ...props }), context);
const existing = (props: Partial<FabricCapacityProps> = {}) => make({ administrators: undefined, capacityId, ...props });
/** What a shell hands to the Azure CLI. */
const argumentsOf = (command: string) =>
  execFileSync('sh', ['-c', `az() { printf '%s\\n' "$@"; }; ${command}`], { encoding: 'utf8' })
    .trim()
    .split('\n');

test('the snapshot', () =>
  expectSnapshot(
    'azure/visualize/fabric/fabric-capacity.snapshot.yaml',
    'The smallest capacity, with its administrators. Terraform refuses to destroy it, because its workspaces could no longer be opened.',
    readable(make().json.resource),
  ));

test('documents the defaults that it has', () => {
  const { name, sku, lifecycle } = make().one('azurerm_fabric_capacity');
  expect(documentedDefaults('azure/visualize/fabric/fabric-capacity.ts', 'FabricCapacityProps')).toEqual({
    name: name.slice('acme'.length, -'1a2b3c4d'.length),
    sku: sku.name,
    removal: lifecycle.prevent_destroy ? 'retain' : 'destroy',
  });
});

test('takes every setting', () => {
  const { one } = make(
    { administrators: ['jane@example.com', 'ABCDEF00-0000-0000-0000-00000000000A'], name: 'bi', sku: 'F64', removal: 'destroy' },
    { destroyData: 'yes' },
  );
  expect(one('azurerm_fabric_capacity')).toMatchObject({
    name: 'acmebi1a2b3c4d',
    sku: { name: 'F64', tier: 'Fabric' },
    administration_members: ['jane@example.com', 'abcdef00-0000-0000-0000-00000000000a'],
  });
  expect(one('azurerm_fabric_capacity').lifecycle).toBeUndefined();
});

test('an administrator that is known only at deploy is left as given', () => {
  const { one } = synthesize((stack) => {
    const who = new TerraformVariable(stack, 'administrator', {}).stringValue;
    return new FabricCapacity(stack, 'View', { site, administrators: [who] });
  });
  expect(one('azurerm_fabric_capacity').administration_members).toEqual(['${var.administrator}']);
});

test('brings an existing capacity: creates none, and pauses it all the same', () => {
  const { json, built } = existing();
  expect(json.resource).toBeUndefined();
  expect(built.capacityId).toBe(capacityId);
});

test('readers read what is served, each store alone, and nothing else', () => {
  const { all } = synthesize((stack) => {
    const lake = new DataLakeStore(stack, 'Lake', { site });
    const stores = { SERVED: lake.zone('served'), FILES: new BlobStore(stack, 'Files', { site }) };
    return new FabricCapacity(stack, 'View', { site, administrators, stores, readers: new Person(stack, 'Readers') });
  });
  expect(
    all('azurerm_role_assignment').map(({ role_definition_name, scope, principal_id }) => [role_definition_name, scope, principal_id]),
  ).toEqual([
    ['Storage Blob Data Reader', '${azurerm_storage_container.data_events.id}', 'principal-of-person'],
    ['Storage Blob Data Reader', '${azurerm_storage_container.lake_served.id}', 'principal-of-person'],
  ]);
});

describe('the commands, as a shell reads them', () => {
  const { built } = existing();

  // https://learn.microsoft.com/rest/api/microsoftfabric/fabric-capacities/suspend
  test.each([
    ['pauseCommand', 'suspend'],
    ['resumeCommand', 'resume'],
  ] as const)('%s posts to %s', (command, action) =>
    expect(argumentsOf(built[command])).toEqual([
      ...['rest', '--method', 'post', '--url'],
      `https://management.azure.com${capacityId}/${action}?api-version=2023-11-01`,
    ]),
  );
  test('stateCommand shows the state', () =>
    expect(argumentsOf(built.stateCommand)).toEqual([
      ...['resource', 'show', '--ids', capacityId, '--query', 'properties.state', '--output', 'tsv'],
    ]));
});

describe('refuses', () => {
  test('a second capacity of one name', () =>
    expect(() => synthesize((stack) => ['One', 'Two'].map((id) => new FabricCapacity(stack, id, { site, administrators })))).toThrow(
      new Error(
        'test/Two: each Fabric capacity of a site must have its own name, got "fabric", which test/One has. Set name on one of them.',
      ),
    ));

  const WORKS =
    'Give a BlobStore or a zone of a DataLakeStore. For a hub let a StreamAnalyticsProcessor write to one of them, and for rows a FunctionProcessor: ' +
    'Fabric reads Cosmos DB with other rights than those of a reader, and Power BI models that take a stream can no longer be created.';
  const ADMINISTRATOR =
    'test/View: administrators must be the user principal name of a user, or the object id of a service principal, got "GOT". Find it with az ad ' +
    'signed-in-user show or az ad sp show. Fabric accepts no groups.';

  test.each([
    ['a hub', EventHubBuffer],
    ['a store of rows', CosmosStore],
  ])('%s to read from', (_, Neighbour) =>
    expect(() =>
      synthesize((stack) => {
        const stores = { SERVED: new Neighbour(stack, 'Neighbour', { site }) };
        return new FabricCapacity(stack, 'View', { site, administrators, readers: new Person(stack, 'Readers'), stores });
      }),
    ).toThrow(new Error(`test/View: stores must be stores of objects, got another SERVED. ${WORKS}`)),
  );

  test('one store under two names: Azure would refuse the second role assignment', () =>
    expect(() =>
      synthesize((stack) => {
        const store = new BlobStore(stack, 'Store', { site });
        const readers = new Person(stack, 'Readers');
        return new FabricCapacity(stack, 'View', { site, administrators, readers, stores: { SERVED: store, SAME: store } });
      }),
    ).toThrow(new Error('test/View: stores must have each store once, got the same for SERVED and SAME. Leave SAME out.')));

  test('stores that nobody reads', () =>
    expect(() =>
      synthesize((stack) => {
        const stores = { SERVED: new BlobStore(stack, 'Store', { site }) };
        return new FabricCapacity(stack, 'View', { site, administrators, stores });
      }),
    ).toThrow(
      new Error('test/View: readers is required for stores, got nobody. Give a Principal: the group, or the identity of a workspace.'),
    ));

  test('readers without a store', () =>
    expect(() =>
      synthesize((stack) => new FabricCapacity(stack, 'View', { site, administrators, readers: new Person(stack, 'Readers') })),
    ).toThrow(new Error('test/View: stores must have what the readers read, got none. Write them like { SERVED: lake.zone("served") }.')));

  test.each<[string, () => unknown, string]>([
    [
      'no administrators',
      () => make({ administrators: [] }),
      'test/View: administrators must name somebody, got nobody. Without them, Azure creates no capacity.',
    ],
    [
      'administrators that are left out',
      () => make({ administrators: undefined }),
      'test/View: administrators must name somebody, got nobody. Without them, Azure creates no capacity.',
    ],
    ['the name of a group', () => make({ administrators: ['Analysts'] }), ADMINISTRATOR.replace('GOT', 'Analysts')],
    [
      'a name with a hyphen',
      () => make({ name: 'power-bi' }),
      'test/View: name must be 1 to 20 lower-case letters and digits, got "power-bi". Start with a letter.',
    ],
    [
      'a size of Power BI Premium',
      () => make({ sku: 'P1' as 'F2' }),
      'test/View: sku must be F2, F4, F8, F16, F32, F64, F128, F256, F512, F1024 or F2048, got "P1". Azure has no other sizes.',
    ],
    [
      'the name of a capacity for its id',
      () => existing({ capacityId: 'theirs' }),
      'test/View: capacityId must be the id of a Fabric capacity, got "theirs". Find it with az resource list --resource-type Microsoft.Fabric/capacities.',
    ],
    [
      'settings for a capacity that is there',
      () => existing({ administrators, sku: 'F4' }),
      'test/View: capacityId keeps its own settings, got administrators and sku beside it. Leave administrators and sku out.',
    ],
    [
      'stores in a list',
      () => make({ stores: [] as never }),
      'test/View: stores must be stores by name, got something else. Write them like { SERVED: lake.zone("served") }.',
    ],
    [
      'a store without a name for settings',
      () => make({ stores: { 'a-b': {} as never } }),
      'test/View: each of stores must be named in letters, digits and underscores, a letter first, got "a-b". Write them like { STORE: store }.',
    ],
    [
      'one key to destroy',
      () => make({ removal: 'destroy' }),
      `test/View: removal 'destroy' needs the context destroyData to be "yes", got nothing. Set DESTROY_DATA=yes in the environment of this command, or leave removal out to keep the data.`,
    ],
  ])('%s', (_, act, message) => expect(act).toThrow(new Error(message)));
});
