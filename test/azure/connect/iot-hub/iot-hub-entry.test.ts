import { Construct } from 'constructs';
import { ServiceBusBuffer } from '../../../../azure/buffer/service-bus/service-bus-buffer';
import { EventHubBuffer } from '../../../../azure/connect/event-hub/event-hub-buffer';
import { IotHubEntry, type IotHubEntryProps } from '../../../../azure/connect/iot-hub/iot-hub-entry';
import { BlobStore } from '../../../../azure/store/blob/blob-store';
import { check } from '../../../../shared/runtime/event-check';
import { ringsOnLogs, ringsOnMetrics } from '../../../support/azure-monitor';
import { documentedDefaults } from '../../../support/defaults';
import { expectSnapshot } from '../../../support/snapshot';
import { onCall, Person, readable, site, synthesize } from '../../stand-ins';

const group = '/subscriptions/S/resourcegroups/plants/providers';
const eventHub = `${group}/Microsoft.EventHub/namespaces/shared/eventhubs/orders`;
const accountId = `${group}/Microsoft.Storage/storageAccounts/acmeraw`;
const hubId = `${group}/microsoft.devices/IotHubs/presses`;
const identity = {
  id: `${group}/Microsoft.ManagedIdentity/userAssignedIdentities/presses`,
  principalId: '11111111-2222-3333-4444-55555555555A',
};
const PEM = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';

const make = ({ archived = false, ...props }: Partial<IotHubEntryProps> & { archived?: boolean } = {}) =>
  synthesize((stack) => {
    const sink = new EventHubBuffer(stack, 'Buffer', { site, hubId: eventHub });
    const archive = archived ? new BlobStore(stack, 'Archive', { site, accountId }) : undefined;
    return new IotHubEntry(stack, 'Connect', { site, sink, archive, ...props });
  });
/** All resources of IoT Hub, and the roles. */
const parts = ({ json }: ReturnType<typeof make>) =>
  readable(Object.fromEntries(Object.entries(json.resource!).filter(([type]) => /iothub|role_assignment|identity/.test(type))));

test('the snapshot', () => {
  expectSnapshot(
    'azure/connect/iot-hub/iot-hub-entry.snapshot.yaml',
    'The hub accepts no keys of its own, signs in to both endpoints as its identity, and waits for the roles of it.',
    parts(make({ archived: true, certificateAuthorities: { plants: PEM } })),
  );
});

test('without an archive, changes of twins go nowhere: a processor of events would refuse them', () => {
  const { all } = make();
  expect(all('azurerm_iothub_route').map(({ name }) => name)).toEqual(['telemetry']);
  expect(all('azurerm_iothub_endpoint_storage_container')).toEqual([]);
});

test('new files of the archive are events in a queue: the archive is a store like any other', () => {
  const { one } = synthesize((stack) => {
    const sink = new EventHubBuffer(stack, 'Buffer', { site, hubId: eventHub });
    const archive = new BlobStore(stack, 'Archive', { site, name: 'raw' });
    archive.deliverCreated(new ServiceBusBuffer(stack, 'BufferFiles', { site, name: 'files' }));
    return new IotHubEntry(stack, 'Connect', { site, sink, archive });
  });
  const container = '${azurerm_storage_container.raw_events.name}';
  expect(one('azurerm_iothub_endpoint_storage_container').container_name).toBe(container);
  expect(one('azurerm_eventgrid_system_topic_event_subscription')).toMatchObject({
    subject_filter: { subject_begins_with: `/blobServices/default/containers/${container}/blobs/` },
    service_bus_queue_endpoint_id: '${azurerm_servicebus_queue.files.id}',
  });
});

test('a basic hub has no twins, so no route for their changes', () => {
  const { all } = make({ archived: true, sku: 'B2' });
  expect(
    all('azurerm_iothub_route')
      .map(({ name }) => name)
      .sort(),
  ).toEqual(['archive', 'telemetry']);
});

test('each authority is trusted without a proof that its private key is here', () => {
  const { all } = make({ certificateAuthorities: { current: PEM, next: PEM } });
  expect(all('azurerm_iothub_certificate').map(({ name, is_verified }) => [name, is_verified])).toEqual([
    ['current', true],
    ['next', true],
  ]);
});

test('an existing hub gets routes and alerts, and keeps the rest', () => {
  const { all, built, json } = make({ archived: true, hubId, identity });
  const id = '/subscriptions/s/resourceGroups/plants/providers/Microsoft.Devices/IotHubs/presses';
  expect(all('azurerm_iothub')).toEqual([]);
  expect(all('azurerm_user_assigned_identity')).toEqual([]);
  expect(all('azurerm_iothub_endpoint_eventhub')).toMatchObject([
    {
      iothub_id: id,
      identity_id: '/subscriptions/s/resourceGroups/plants/providers/Microsoft.ManagedIdentity/userAssignedIdentities/presses',
      resource_group_name: 'plants',
    },
  ]);
  expect(all('azurerm_iothub_route').map(({ iothub_name }) => iothub_name)).toEqual(['presses', 'presses']);
  expect(all('azurerm_role_assignment').map(({ principal_id }) => principal_id)).toContain('11111111-2222-3333-4444-55555555555a');
  expect(all('azurerm_monitor_metric_alert').map(({ name }) => name)).not.toContain('acme-devices-quota');
  expect(built.host).toBe('presses.azure-devices.net');
  // The provider looks for the hub in its own subscription.
  const refused = Object.values<any>(json.data.azurerm_client_config).map(({ lifecycle }) => lifecycle.postcondition[0].error_message);
  expect(refused).toContainEqual(expect.stringMatching(/^test\/Connect: hubId must be in the subscription/));
});

test('who registers devices may do nothing else', () => {
  const { all } = synthesize((stack) => {
    const sink = new EventHubBuffer(stack, 'Buffer', { site, hubId: eventHub });
    return new IotHubEntry(stack, 'Connect', { site, sink }).bindRegistrar(new Person(stack, 'Fitter'), 'DEVICES');
  });
  expect(all('azurerm_role_assignment')).toContainEqual(
    expect.objectContaining({
      role_definition_name: 'IoT Hub Registry Contributor',
      scope: '${azurerm_iothub.devices.id}',
      principal_id: 'principal-of-person',
    }),
  );
});

test('the command sends an event that follows the contract, as a device whose id is the partition key of the event hub', () => {
  const { sendCommand } = make({ hubId, identity }).built;
  const [, body] = /-m '(.*)'$/.exec(sendCommand)!;
  const event = JSON.parse(body!);
  expect([check(event), event.partitionkey]).toEqual([true, 'press-7']);
  expect(sendCommand).toContain("-i press-7 -u 'presses.azure-devices.net/press-7/?api-version=2021-04-12'");
  expect(sendCommand).toContain("-t 'devices/press-7/messages/events/$.ct=application%2Fjson&$.ce=utf-8'");
});

test('the defaults are those that the documentation says', () => {
  const { one, all } = make();
  const hub = one('azurerm_iothub');
  expect(documentedDefaults('azure/connect/iot-hub/iot-hub-entry.ts', 'IotHubEntryProps')).toEqual({
    name: hub.name.slice('acme-'.length, -'-1a2b3c4d'.length),
    sku: hub.sku.name,
    units: String(hub.sku.capacity),
    alertOnSilence: String(all('azurerm_monitor_scheduled_query_rules_alert_v2').length > 0),
    removal: hub.lifecycle.prevent_destroy ? 'retain' : 'destroy',
  });
});

test('stands twice in one stack, with two names', () => {
  const { all } = synthesize((stack) => {
    const sink = new EventHubBuffer(stack, 'Buffer', { site, hubId: eventHub });
    return ['a', 'b'].map((name) => new IotHubEntry(stack, name, { site, name, sink }));
  });
  expect(all('azurerm_iothub').map(({ name }) => name)).toEqual(['acme-a-1a2b3c4d', 'acme-b-1a2b3c4d']);
});

test('device identities go with the stack only if two settings say so', () => {
  expect(make().one('azurerm_iothub').lifecycle).toEqual({ prevent_destroy: true });
  expect(() => make({ removal: 'destroy' })).toThrow('destroyData');
});

describe('alerts', () => {
  const { all } = make({ alertOnSilence: true, units: 2, notify: [onCall] });
  const named = new Map(
    ['azurerm_monitor_metric_alert', 'azurerm_monitor_scheduled_query_rules_alert_v2']
      .flatMap(all)
      .filter(({ name }) => name.startsWith('acme-devices-'))
      .map((alert) => [alert.name, alert]),
  );
  const rings = (name: string, metric: string, value: number) =>
    ringsOnMetrics(named.get(`acme-devices-${name}`), { [metric]: { 7: value } }, 30).length > 0;

  test('each is held against a series here', () =>
    expect([...named.keys()].sort()).toEqual(
      ['dropped', 'invalid', 'quota', 'silence', 'throttled', 'undelivered'].map((name) => `acme-devices-${name}`),
    ));
  test.each([
    ['dropped', 'd2c.telemetry.egress.dropped', 0, 1],
    ['invalid', 'd2c.telemetry.egress.invalid', 0, 1],
    ['throttled', 'd2c.telemetry.ingress.sendThrottle', 4, 5],
    ['undelivered', 'RoutingDeliveries{failure}', 4, 5],
    ['quota', 'dailyMessageQuotaUsed', 640_000, 640_001],
  ])('%s', (name, metric, quiet, loud) => {
    expect(rings(name, metric, quiet)).toBe(false);
    expect(rings(name, metric, loud)).toBe(true);
  });
  test('deliveries that succeed are no failure', () => expect(rings('undelivered', 'RoutingDeliveries{success}', 1000)).toBe(false));

  const message = { minute: 40, MetricName: 'd2c.telemetry.ingress.success', ResourceId: '${AZURERM_IOTHUB.DEVICES.ID}', Total: 3 };
  const silent = (...AzureMetrics: any[]) => ringsOnLogs(named.get('acme-devices-silence'), { AzureMetrics }, 90);
  test('silence of half an hour rings, also if nothing is reported at all', () => {
    expect(silent(message)).toEqual([15, 30, 75, 90]);
    expect(silent({ ...message, Total: 0 })).toEqual([15, 30, 45, 60, 75, 90]);
  });
  test('without the setting, silence is peace', () => expect(make().all('azurerm_monitor_scheduled_query_rules_alert_v2')).toEqual([]));
});

describe('refuses', () => {
  const other = (audience: string) =>
    Object.assign(new Construct(undefined as any, ''), { sendRequest: { audience } }) as unknown as IotHubEntryProps['sink'];
  test.each<[string, Partial<IotHubEntryProps>, string]>([
    ['a name with a hyphen', { name: 'a-b' }, 'name must be 1 to 20 lower-case letters and digits, got "a-b". Start with a letter.'],
    [
      'the free tier',
      { sku: 'F1' as any },
      'sku must be S1, S2, S3, B1, B2 or B3, got "F1". F1 is limited to 8,000 messages a day, and to one hub of a subscription.',
    ],
    ['more units than its tier has', { sku: 'S3', units: 11 }, 'units must be 1 to 10 units, got 11. S3 has no more.'],
    [
      'a private key, which it does not show',
      { certificateAuthorities: { plants: '-----BEGIN PRIVATE KEY-----\nsecret\n' } },
      'certificateAuthorities must each be a certificate as PEM, got something else as plants. Give the certificate of the authority alone, without its chain, and never its private key.',
    ],
    [
      'an authority with a name that Azure refuses',
      { certificateAuthorities: { 'my ca': PEM } },
      'certificateAuthorities must be named in 1 to 64 letters, digits, dots, hyphens and underscores, got "my ca". Write them like { plants: pem }.',
    ],
    [
      'a list of authorities',
      { certificateAuthorities: [PEM] as any },
      'certificateAuthorities must be certificates by their names, got something else. Write them like { plants: pem }.',
    ],
    [
      'an id of something else',
      { hubId: '/hubs/a', identity },
      'hubId must be the id of an IoT hub, got "/hubs/a". Find it with az iot hub show.',
    ],
    [
      'an existing hub without its identity',
      { hubId },
      'identity must be given with hubId, got none. Terraform cannot add an identity to an existing hub: add it with az iot hub identity assign, and give it here.',
    ],
    [
      'the size of an existing hub',
      { hubId, identity, sku: 'S1', units: 2 },
      'hubId keeps its own settings, got sku and units beside it. Leave sku and units out.',
    ],
    [
      'an alert on silence of a hub whose metrics may go elsewhere: it would fire all the time',
      { hubId, identity, alertOnSilence: true },
      'hubId keeps its own settings, got alertOnSilence beside it. Leave alertOnSilence out.',
    ],
    [
      'an identity without an id',
      { identity: { ...identity, id: 'presses' } },
      'identity.id must be the id of a user-assigned identity, got "presses". Find it with az identity show.',
    ],
    [
      'an identity without an object id',
      { identity: { ...identity, principalId: 'presses' } },
      'identity.principalId must be the principalId of an identity, got "presses". Find it with az identity show --query principalId.',
    ],
    [
      'a queue',
      { sink: other('https://servicebus.azure.net') },
      'sink must be an event hub, got a sink that accepts tokens for https://servicebus.azure.net. Use an EventHubBuffer.',
    ],
    [
      'a wish that is neither yes nor no',
      { alertOnSilence: 5 as any },
      'alertOnSilence must be true or false, got 5. Leave it out for no alert.',
    ],
  ])('%s', (_, props, message) => expect(() => make(props)).toThrow(new Error(`test/Connect: ${message}`)));

  test('two entries of one hub, whatever their names are: their routes would have one name', () =>
    expect(() =>
      synthesize((stack) => {
        const sink = new EventHubBuffer(stack, 'Buffer', { site, hubId: eventHub });
        return ['a', 'b'].map((name) => new IotHubEntry(stack, name, { site, name, sink, hubId, identity }));
      }),
    ).toThrow(/^test\/b: each IoT hub with an entry must have its own name, got "presses", which test\/a has\. The routes and endpoints/));
  test('two hubs of one name', () =>
    expect(() =>
      synthesize((stack) => {
        const sink = new EventHubBuffer(stack, 'Buffer', { site, hubId: eventHub });
        return ['a', 'b'].map((id) => new IotHubEntry(stack, id, { site, sink }));
      }),
    ).toThrow(
      new Error('test/b: each IoT hub of a site must have its own name, got "devices", which test/a has. Set name on one of them.'),
    ));
});
