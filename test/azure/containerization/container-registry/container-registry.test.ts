import { TerraformOutput, type TerraformStack, TerraformVariable } from 'cdktf';
import { Construct } from 'constructs';
import { ContainerRegistry, type ContainerRegistryProps } from '../../../../azure/containerization/container-registry/container-registry';
import { documentedDefaults } from '../../../support/defaults';
import { expectSnapshot } from '../../../support/snapshot';
import { onCall, Person, readable, site, synthesize, Target } from '../../stand-ins';

const registryId = '/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/theirs';
const digest = `sha256:${'0'.repeat(64)}`;
const make = (props: Partial<ContainerRegistryProps> = {}, context = {}) =>
  synthesize((stack) => new ContainerRegistry(stack, 'Images', { site, ...props }), context);

test('the snapshot', () => {
  expectSnapshot(
    'azure/containerization/container-registry/container-registry.snapshot.yaml',
    'There is no admin user and no anonymous pull; Terraform refuses to destroy the registry.',
    readable(make().json.resource),
  );
});

test('documents the defaults that it has', () => {
  const registry = make().one('azurerm_container_registry');
  expect(documentedDefaults('azure/containerization/container-registry/container-registry.ts', 'ContainerRegistryProps')).toEqual({
    name: registry.name.slice('acme'.length, -'1a2b3c4d'.length),
    sku: registry.sku,
    removal: registry.lifecycle.prevent_destroy ? 'retain' : 'destroy',
  });
});

test('takes every setting', () => {
  const { one } = make(
    { name: 'builds', sku: 'Premium', keepUntaggedDays: 30, notify: [onCall], removal: 'destroy' },
    { destroyData: 'yes' },
  );
  expect(one('azurerm_container_registry')).toMatchObject({ name: 'acmebuilds1a2b3c4d', sku: 'Premium', retention_policy_in_days: 30 });
  expect(one('azurerm_container_registry').lifecycle).toBeUndefined();
  expect(one('azurerm_monitor_metric_alert').action).toEqual([{ action_group_id: onCall }]);
});

test('the longest name fits into the 50 characters of a registry', () => {
  const { one } = make({ site: { ...site, prefix: 'acmeacmeacm' }, name: 'a'.repeat(20) });
  expect(one('azurerm_container_registry').name).toHaveLength(39);
});

test('nobody gets in with a password or without a name', () => {
  expect(make().one('azurerm_container_registry')).toMatchObject({ admin_enabled: false, anonymous_pull_enabled: false });
});

test.each([
  ['Basic', 8e9],
  ['Standard', 80e9],
  ['Premium', 400e9],
] as const)('the alert of %s fires at four fifths of what the tier includes, on a metric of each hour', (sku, threshold) => {
  const alert = make({ sku }).one('azurerm_monitor_metric_alert');
  expect(alert).toMatchObject({ window_size: 'PT1H', scopes: ['${azurerm_container_registry.images.id}'] });
  expect(alert.criteria).toMatchObject([{ metric_name: 'StorageUsed', aggregation: 'Average', operator: 'GreaterThan', threshold }]);
});

test('uses an existing registry, and leaves it alone', () => {
  const { built, json } = make({ registryId });
  expect([built.loginServer, built.registryId, json.resource]).toEqual(['theirs.azurecr.io', registryId, undefined]);
});

test('an id in the letters that Azure hands out is written as the provider reads it', () => {
  const theirs = '/subscriptions/S/resourcegroups/g/providers/microsoft.containerregistry/registries/theirs';
  expect(make({ registryId: theirs }).built.registryId).toBe(registryId);
});

test('uses a registry whose id is known only at deploy', () => {
  const { json } = synthesize((stack) => {
    const given = new TerraformVariable(stack, 'registry', {}).stringValue;
    const { loginServer } = new ContainerRegistry(stack, 'Images', { site, registryId: given });
    new TerraformOutput(stack, 'server', { value: loginServer });
  });
  expect(json.output.server.value).toBe('${element(split("/", var.registry), 8)}.azurecr.io');
});

test('stands twice in one stack', () => {
  const { all } = synthesize((stack) => ['one', 'two'].map((name) => new ContainerRegistry(stack, name, { site, name })));
  expect(all('azurerm_container_registry').map(({ name }) => name)).toEqual(['acmeone1a2b3c4d', 'acmetwo1a2b3c4d']);
});

test('images keep their address in the state when the construct is renamed, moved or nested', () => {
  const build = (place: (stack: TerraformStack) => Construct, id: string) =>
    synthesize((stack) => new ContainerRegistry(place(stack), id, { site })).json.resource!.azurerm_container_registry!;
  const [before, after] = [build((stack) => stack, 'Images'), build((stack) => new Construct(stack, 'Nested'), 'Renamed')];
  expect([Object.keys(before), Object.keys(after)]).toEqual([['images'], ['images']]);
});

test('an image is named by its digest or its tag', () => {
  const { built } = make({ registryId });
  expect(built.imageUri('press/renderer', digest)).toBe(`theirs.azurecr.io/press/renderer@${digest}`);
  expect(built.imageUri('renderer', '3f2c1a9')).toBe('theirs.azurecr.io/renderer:3f2c1a9');
});

describe('who may do what', () => {
  const role = (bind: (images: ContainerRegistry, who: Target) => unknown) => {
    const { one, built } = synthesize((stack) =>
      bind(new ContainerRegistry(stack, 'Images', { site, registryId }), new Target(stack, 'Target')),
    );
    const { role_definition_name, scope, principal_type } = one('azurerm_role_assignment');
    return [role_definition_name, scope, principal_type, (built as { settings: object }).settings];
  };

  test('a puller pulls, and is told where', () =>
    expect(role((images, who) => images.bindPuller(who, 'IMAGE'))).toEqual([
      'AcrPull',
      registryId,
      'ServicePrincipal',
      { IMAGE_REGISTRY: 'theirs.azurecr.io' },
    ]));
  test('a pusher pushes and pulls, and deletes nothing', () =>
    expect(role((images, who) => images.bindPusher(who, 'IMAGE')).slice(0, 2)).toEqual(['AcrPush', registryId]));
  test('a person pulls as the person', () => {
    const { one } = synthesize((stack) =>
      new ContainerRegistry(stack, 'Images', { site }).bindPuller(new Person(stack, 'Person'), 'IMAGE'),
    );
    expect(one('azurerm_role_assignment')).toMatchObject({ principal_id: 'principal-of-person', principal_type: 'User' });
  });
});

describe('refuses', () => {
  test('a second registry of one name', () =>
    expect(() => synthesize((stack) => ['First', 'Second'].map((id) => new ContainerRegistry(stack, id, { site })))).toThrow(
      new Error(
        'test/Second: each registry of a site must have its own name, got "images", which test/First has. Set name on one of them.',
      ),
    ));

  test.each<[string, () => unknown, string]>([
    [
      'a name with a hyphen',
      () => make({ name: 'my-images' }),
      'test/Images: name must be 1 to 20 lower-case letters and digits, got "my-images". The name of a registry has no hyphens.',
    ],
    [
      'a tier that is not on offer',
      () => make({ sku: 'Classic' as 'Basic' }),
      'test/Images: sku must be Basic, Standard or Premium, got "Classic". Leave it out for Standard.',
    ],
    [
      'to keep images for no day',
      () => make({ sku: 'Premium', keepUntaggedDays: 0 }),
      'test/Images: keepUntaggedDays must be 1 to 365 days, got 0. Images without a tag are those that a push replaced.',
    ],
    [
      'what only Premium has',
      () => make({ keepUntaggedDays: 7 }),
      `test/Images: keepUntaggedDays needs the sku Premium, got "Standard". Set sku to 'Premium', or delete such images with a task: az acr task create with acr purge.`,
    ],
    [
      'the name of a registry for its id',
      () => make({ registryId: 'theirs' }),
      'test/Images: registryId must be the id of a registry, got "theirs". Find it with az acr show --query id.',
    ],
    [
      'settings for a registry that is there',
      () => make({ registryId, sku: 'Basic', notify: [onCall] }),
      'test/Images: registryId keeps its own settings, got sku and notify beside it. Leave sku and notify out.',
    ],
    [
      'something that is no action group',
      () => make({ notify: ['me@example.com'] }),
      'test/Images: notify must be ids of action groups, got "me@example.com". See az monitor action-group list.',
    ],
    [
      'the tag latest',
      () => make().built.imageUri('renderer', 'latest'),
      'test/Images: reference must be a digest, or a tag other than latest, got "latest". Use the digest that was pushed: a tag is another image after its next push.',
    ],
    [
      'a repository in capitals',
      () => make().built.imageUri('Renderer', digest),
      'test/Images: repository must be the name of a repository in lower case, got "Renderer". Write it like press/renderer.',
    ],
    [
      'one key to destroy',
      () => make({ removal: 'destroy' }),
      `test/Images: removal 'destroy' needs the context destroyData to be "yes", got nothing. Set DESTROY_DATA=yes in the environment of this command, or leave removal out to keep the data.`,
    ],
  ])('%s', (_, act, message) => expect(act).toThrow(new Error(message)));
});
