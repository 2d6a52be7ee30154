import { TerraformOutput } from 'cdktf';
import { EventHubBuffer, type EventHubBufferProps } from '../../../../azure/connect/event-hub/event-hub-buffer';
import type { SchemaGroup } from '../../../../azure/connect/event-hub/schema-group';
import { Person, site, synthesize } from '../../stand-ins';

const GROUP = 'azurerm_eventhub_namespace_schema_group';
const namespaceId = '/subscriptions/s/resourceGroups/theirs/providers/Microsoft.EventHub/namespaces/shared';
const make = (props: Partial<EventHubBufferProps> = {}, use: (schemas: SchemaGroup, who: Person) => unknown = () => undefined) =>
  synthesize((stack) => {
    const buffer = new EventHubBuffer(stack, 'Buffer', { site, schemaFormat: 'Json', ...props });
    new TerraformOutput(stack, 'made', { value: use(buffer.schemas!, new Person(stack, 'Person')) ?? '' });
  });

test('a hub has no schema group unless it is asked for', () =>
  expect(Object.keys(make({ schemaFormat: undefined }).json.resource!)).not.toContain(GROUP));

test('a schema group has the name of its hub, and Terraform refuses to destroy it', () =>
  expect(make().one(GROUP)).toMatchObject({
    name: 'events',
    namespace_id: '${azurerm_eventhub_namespace.events.id}',
    schema_type: 'Json',
    schema_compatibility: 'None',
    lifecycle: { prevent_destroy: true },
  }));

test('a new version of an Avro schema reads what was written with the one before', () =>
  expect(make({ schemaFormat: 'Avro' }).one(GROUP)).toMatchObject({ schema_type: 'Avro', schema_compatibility: 'Backward' }));

test('stands in a namespace that is there already, and beside a hub that is', () => {
  for (const props of [{ namespaceId }, { hubId: `${namespaceId}/eventhubs/orders` }])
    expect(make(props).one(GROUP)).toMatchObject({ name: 'events', namespace_id: namespaceId });
});

test('a lock is made after the group', () =>
  expect(make({ lock: true }).one('azurerm_management_lock').depends_on).toContain(`${GROUP}.events`));

test.each([
  ['bindReader', 'Schema Registry Reader'],
  ['bindWriter', 'Schema Registry Contributor'],
] as const)('%s gives the role %s on the group alone, and the settings to reach it', (bind, role) => {
  const { one, json } = make({}, (schemas, who) => schemas[bind](who, 'EVENTS').settings);
  expect(one('azurerm_role_assignment')).toMatchObject({
    role_definition_name: role,
    scope: `\${${GROUP}.events.id}`,
    principal_id: 'principal-of-person',
  });
  expect(json.output.made.value).toEqual({
    EVENTS_NAMESPACE: '${azurerm_eventhub_namespace.events.name}.servicebus.windows.net',
    EVENTS_SCHEMA_GROUP: `\${${GROUP}.events.name}`,
  });
});

test('a command registers a schema with a token', () => {
  const { json } = make({}, (schemas) => schemas.registerCommand);
  expect(json.output.made.value).toBe(
    'curl -X PUT -H "Authorization: Bearer $(az account get-access-token --resource https://eventhubs.azure.net --query accessToken ' +
      "--output tsv)\" -H 'Content-Type: application/json; serialization=Json' --data-binary @event.schema.json " +
      `'https://\${azurerm_eventhub_namespace.events.name}.servicebus.windows.net/$schemaGroups/\${${GROUP}.events.name}/schemas/Event?api-version=2023-07-01'`,
  );
});

test('refuses a format that the registry does not have', () =>
  expect(() => make({ schemaFormat: 'Protobuf' as 'Json' })).toThrow(
    new Error('test/Buffer: schemaFormat must be Json or Avro, got "Protobuf". Leave it out for no schema group.'),
  ));
