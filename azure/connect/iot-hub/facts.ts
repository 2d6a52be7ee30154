import { amountOr, BRINGS_NOTHING, type Brought, type Cost, type Load, type PriceKey } from '../../../shared/read/facts/cost';
import type { Treatments } from '../../../shared/read/facts/local';
import { promised, setTo } from '../../../shared/read/facts/promise';
import type { Needed, Promised, Seen, ServiceFacts, TypeFacts } from '../../../shared/read/facts/types';
import { remove, set, type Which } from '../../../shared/read/facts/weaken';
import { duration, facts as joined, type Step } from '../../../shared/read/picture';
import { type Asked, amount, is, names, only, type Stack } from '../../../shared/read/stack';
import { said } from '../../../shared/read/tell';
import { alertOn, alertsOf, armId, METRIC_ALERT, NAMED, ON_RECORD, RETAINED, referring, textOf } from '../../foundation/promises';

const HUB = 'azurerm_iothub';
const AUTHORITY = 'azurerm_iothub_certificate';
const ROUTE = 'azurerm_iothub_route';
const TO_HUB = 'azurerm_iothub_endpoint_eventhub';
const TO_FILES = 'azurerm_iothub_endpoint_storage_container';

const nothing = (...settings: readonly string[]): Treatments => Object.fromEntries(settings.map((setting) => [setting, 'no effect here']));
/** Every type has a name and stands in a resource group: so no template with one of them is run. */
const NOT_RUN: Treatments = { ...NAMED, name: { notRun: 'the local run has no IoT hub. It has the event hub that the hub delivers to.' } };
const AT_HUB = nothing('iothub_id', 'iothub_name');
const ENDPOINT = {
  ...nothing('authentication_type', 'endpoint_uri', 'entity_path', 'identity_id'),
  ...nothing('batch_frequency_in_seconds', 'container_name', 'encoding', 'file_name_format', 'max_chunk_size_in_bytes'),
};

const KEY = 'It is a key, which anyone who finds it can use. Assign a role instead: the hub accepts no keys of its own.';
const DPS =
  'The Device Provisioning Service signs in to a hub with a key, and the hub accepts none. Register devices with az iot hub device-identity create.';
const BUILT_IN = 'The endpoint that is built into a hub can be read with keys only. Read the event hub that the hub delivers to.';
const OTHER_ENDPOINT = 'Nothing here uses it, so nothing checks it. Deliver to an event hub, or to a container.';

const ID = armId('Microsoft.Devices/IotHubs/acme');

/** The hub signs in to an endpoint as its identity. Without the setting, the provider signs in with a key. */
const keyless: Promised = setTo({
  rule: 'no-keys',
  must: 'be signed in to with an identity',
  at: 'authentication_type',
  to: ['identityBased'],
  weak: 'keyBased',
  worse: 'it is signed in to with a key',
});

/** An identity that delivers has its role first, or the first messages fail. */
const waits = {
  'it does not wait for the role assignment of the hub': set('depends_on'),
};

const endpoint = (name: string, more: Partial<TypeFacts> & Pick<TypeFacts, 'role'>): TypeFacts => ({
  name,
  replacedBy: ['name', 'resource_group_name', 'iothub_id'],
  named: ['name', /^[\w.-]{1,64}$/],
  weakenings: waits,
  actsAs: ['identity_id'],
  computed: { id: `${ID}/endpoints/acme` },
  local: { ...NOT_RUN, ...AT_HUB, ...ENDPOINT },
  ...more,
});

export const facts: ServiceFacts = {
  name: 'IoT Hub',
  local: { not: 'no emulator of IoT Hub knows its routes and its certificates: send to the event hub, which runs here' },
  unproven: [
    'That a role assignment of a new identity is in effect when Azure creates the endpoint: if it is refused, apply again.',
    'That a certificate of a device is accepted over MQTT.',
    'That a message that was dropped is counted in `d2c.telemetry.egress.dropped`.',
    'That the archive gets changes of device twins.',
    'That the hub writes block blobs, the only ones that Azure moves to the cold or the archive tier.',
  ],
  types: {
    [HUB]: {
      name: 'IoT hub',
      role: 'lets in',
      replacedBy: ['name', 'resource_group_name', 'location', 'min_tls_version'],
      named: ['name', /^[a-zA-Z0-9][a-zA-Z0-9-]{1,48}[a-zA-Z0-9]$/],
      tells: (hub, stack) => [
        ['IoT Hub', only(hub, 'sku.name')].filter(Boolean).join(' '),
        `${amountOr(hub, 'sku.capacity', 1)} unit${amountOr(hub, 'sku.capacity', 1) === 1 ? '' : 's'}`,
        is(hub, 'local_authentication_enabled', false) ? 'no keys' : undefined,
        stack.of(AUTHORITY).some((authority) => names(authority, 'iothub_name', hub)) ? 'own authority' : undefined,
        said.kept(hub),
      ],
      flow: (hub, seen) => [fromDevices(hub, seen)],
      grants: (hub) =>
        is(hub, 'local_authentication_enabled', false) ? [] : [{ holder: 'anyone with the key', may: 'read and manage', on: hub.id }],
      promises: [
        setTo({
          rule: 'known-callers',
          must: 'accept no keys of its own',
          at: 'local_authentication_enabled',
          to: [false],
          weak: true,
          worse: 'anyone with a key of the hub may read and manage devices',
        }),
        promised(
          'nothing-lost',
          'keep what no route takes, with a fallback route',
          (hub) => is(hub, 'fallback_route.enabled', true) && is(hub, 'fallback_route.endpoint_names', 'events'),
          {
            'what no route takes is lost': set('fallback_route.enabled', false),
            'it has no fallback route': set('fallback_route'),
          },
        ),
        promised(
          'own-identity',
          'deliver as one user-assigned identity, which has its roles before the hub delivers',
          (hub) => is(hub, 'identity.type', 'UserAssigned') && hub.get('identity.identity_ids').length === 1,
          { 'it delivers as an identity without roles': set('identity', { type: 'SystemAssigned' }) },
        ),
        alertOn('RoutingDeliveries', 'have an alert that fires when it cannot deliver'),
        alertOn('d2c.telemetry.egress.dropped', 'have an alert that fires when it drops messages'),
        alertOn('d2c.telemetry.egress.invalid', 'have an alert that fires when messages do not fit their endpoint'),
        alertOn('d2c.telemetry.ingress.sendThrottle', 'have an alert that fires when it throttles devices'),
        promised('rings', 'have an alert that fires before its daily quota is used', hasQuotaAlert, {
          'there is no alert on the daily quota': remove(quotaAlerts),
          'the alert on the daily quota fires at the quota': set('criteria.0.threshold', 1e15, quotaAlerts),
          'the alert on the daily quota adds up what grows all day': set('criteria.0.aggregation', 'Total', quotaAlerts),
        }),
        RETAINED,
        ON_RECORD,
      ],
      costs: hubCosts,
      effective: /^(data:)?Microsoft\.(\*|Devices)/i,
      computed: { id: ID },
      local: {
        ...NOT_RUN,
        ...nothing('event_hub_partition_count', 'event_hub_retention_in_days', 'fallback_route', 'identity'),
        ...nothing('local_authentication_enabled', 'public_network_access_enabled', 'sku'),
      },
    },
    [AUTHORITY]: {
      name: 'authority of devices',
      role: 'lets in',
      replacedBy: ['name', 'resource_group_name', 'iothub_name'],
      named: ['name', /^[A-Za-z0-9][\w.-]{0,63}$/],
      promises: [
        setTo({
          rule: 'known-callers',
          must: 'be verified: a hub refuses devices of an authority that is not',
          at: 'is_verified',
          to: [true],
          weak: false,
          worse: 'no device can sign in with a certificate of the authority',
        }),
      ],
      answered: { rings: 'Its hub has the alerts.' },
      costs: 'Certificates are free of charge.',
      computed: { id: `${ID}/certificates/acme` },
      local: { ...NOT_RUN, ...AT_HUB, ...nothing('certificate_content', 'is_verified') },
    },
    [TO_HUB]: endpoint('endpoint of an event hub', {
      role: 'helps',
      flow: (one, seen) => delivered(one, seen, 'entity_path'),
      promises: [keyless],
      needs: (one) => needsOf(one, 'entity_path', 'data:Microsoft.EventHub/*/send/action'),
    }),
    [TO_FILES]: endpoint('endpoint of a container', {
      role: 'moves data',
      replacedBy: ['name', 'resource_group_name', 'iothub_id', 'encoding'],
      flow: (one, seen) => delivered(one, seen, 'container_name'),
      promises: [
        keyless,
        setTo({
          rule: 'readable',
          must: 'write JSON',
          at: 'encoding',
          to: ['JSON'],
          worse: 'the archive is Avro',
        }),
      ],
      answered: {
        'bounded-retries': 'IoT Hub retries by itself, and the number of retries cannot be set.',
        'nothing-lost': 'The alert of the hub fires when it drops messages.',
        rings: 'The alerts of the hub count failures of each endpoint.',
      },
      needs: (one) => needsOf(one, 'container_name', 'data:Microsoft.Storage/storageAccounts/blobServices/containers/blobs/write'),
      costs: 'The hub and the storage account are billed.',
      brings: filesBrought,
    }),
    [ROUTE]: {
      name: 'route',
      role: 'moves data',
      replacedBy: ['name', 'resource_group_name', 'iothub_name'],
      named: ['name', /^[\w.-]{1,64}$/],
      promises: [
        setTo({
          rule: 'nothing-lost',
          must: 'be enabled',
          at: 'enabled',
          to: [true],
          weak: false,
          worse: 'a route delivers nothing',
        }),
        setTo({
          rule: 'nothing-lost',
          must: 'take every message of its source',
          at: 'condition',
          to: ['true'],
          weak: 'level = "critical"',
          worse: 'a route takes some messages only',
        }),
        promised('nothing-lost', 'deliver to an endpoint of the stack', (route) => route.refers('endpoint_names').length > 0, {
          'messages are delivered to the built-in endpoint, which nothing reads': set('endpoint_names', ['events']),
        }),
      ],
      answered: {
        'bounded-retries': 'IoT Hub retries by itself, and the number of retries cannot be set.',
        rings: 'The alerts of the hub count failures of each endpoint.',
      },
      costs: 'Its hub is billed.',
      brings: BRINGS_NOTHING,
      computed: { id: `${ID}/routes/acme` },
      local: { ...NOT_RUN, ...AT_HUB, ...nothing('condition', 'enabled', 'endpoint_names', 'source') },
    },
  },
  // https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/internet-of-things
  roles: {
    'IoT Hub Data Contributor': { permissions: ['data:Microsoft.Devices/IotHubs/*'] },
    'IoT Hub Registry Contributor': { permissions: ['data:Microsoft.Devices/IotHubs/devices/*'] },
  },
  forbidden: {
    azurerm_iothub_dps: DPS,
    azurerm_iothub_dps_certificate: DPS,
    azurerm_iothub_dps_shared_access_policy: DPS,
    azurerm_iothub_shared_access_policy: KEY,
    'data.azurerm_iothub_shared_access_policy': KEY,
    azurerm_iothub_consumer_group: BUILT_IN,
    azurerm_iothub_file_upload: KEY,
    azurerm_iothub_endpoint_cosmosdb_account: OTHER_ENDPOINT,
    azurerm_iothub_endpoint_servicebus_queue: OTHER_ENDPOINT,
    azurerm_iothub_endpoint_servicebus_topic: OTHER_ENDPOINT,
  },
};

/** The step from devices to their hub. */
function fromDevices(hub: Asked, seen: Seen): Step {
  const how = joined('MQTT, AMQP or HTTPS', 'X.509');
  return { from: 'client', how, to: hub.stage, notes: seen.tell(hub), between: ['client', hub.id] };
}

/** The step from a hub to what an endpoint delivers to. */
function delivered(one: Asked, seen: Seen, setting: string): Step[] {
  const [hub] = one.refers('iothub_id');
  const [target] = one.refers(setting);
  const routes = seen.of(ROUTE).filter((route) => names(route, 'endpoint_names', one));
  const how = joined(
    routes.some((route) => is(route, 'source', 'DeviceMessages')) ? 'each message' : undefined,
    routes.some((route) => is(route, 'source', 'TwinChangeEvents')) ? 'changes of twins' : undefined,
    textOf(one, 'batch_frequency_in_seconds', (seconds) => duration(Number(seconds))),
  );
  const [from, to] = [hub ?? one, target ?? one];
  return [{ from: from.stage, how, to: to.stage, notes: seen.tell(target), between: [from.id, to.id] }];
}

/** The alerts on the quota of a hub. */
function quotaAlerts(...[hub, draft]: Parameters<Which>): readonly string[] {
  return referring(METRIC_ALERT)(hub, draft).filter((id) =>
    JSON.stringify(draft.resources.get(id)?.body).includes('"dailyMessageQuotaUsed"'),
  );
}

function hasQuotaAlert(hub: Asked, stack: Stack): boolean {
  return alertsOf(METRIC_ALERT, stack).some(
    (alert) =>
      names(alert, 'scopes', hub) &&
      is(alert, 'criteria.metric_name', 'dailyMessageQuotaUsed') &&
      is(alert, 'criteria.operator', 'GreaterThan') &&
      is(alert, 'criteria.aggregation', 'Maximum') &&
      amount(alert, 'criteria.threshold') <= QUOTAS[skuOf(hub)] * amountOr(hub, 'sku.capacity', 1) * 0.9,
  );
}

/** How many messages of 4 kB one unit of each tier accepts a day: https://learn.microsoft.com/azure/iot-hub/iot-hub-devguide-quotas-throttling */
const QUOTAS = { S1: 400_000, S2: 6_000_000, S3: 300_000_000, B1: 400_000, B2: 6_000_000, B3: 300_000_000 };

function skuOf(hub: Asked): keyof typeof QUOTAS {
  const skus = Object.keys(QUOTAS) as (keyof typeof QUOTAS)[];
  return skus.find((sku) => is(hub, 'sku.name', sku)) ?? 'S1';
}

/** The identity of the hub adds to what an endpoint delivers to. */
function needsOf(one: Asked, setting: string, may: string): Needed[] {
  const [identity] = one.refers('identity_id');
  const [target] = one.refers(setting);
  return [{ who: identity?.id ?? 'the hub', may, on: target?.id ?? String(only(one, setting)), because: 'the hub delivers messages' }];
}

/** A message is billed in steps of 4 kB. Units are not added by Azure: this is what the load needs. */
function hubCosts(hub: Asked, { events, size }: Load): Cost[] {
  const sku = skuOf(hub);
  const needed = Math.ceil((events * 86_400 * Math.ceil(size / 4096)) / QUOTAS[sku]);
  const price: PriceKey = `iotHub${sku}`;
  return [
    {
      what: 'units, as many as the messages of a day need',
      price,
      units: Math.max(amountOr(hub, 'sku.capacity', 1), needed),
      lower: 'A higher `sku`: a unit of S2 costs ten units of S1, and accepts as much as fifteen.',
    },
  ];
}

/** Each partition of the hub writes an object when it is full or its time has passed. Nothing is compressed. */
function filesBrought(one: Asked, { events, size }: Load): Brought {
  const full = (events * size) / amountOr(one, 'max_chunk_size_in_bytes', 314_572_800);
  const writes = Math.max(full, Math.min(events, PARTITIONS / amountOr(one, 'batch_frequency_in_seconds', 300)));
  return { calls: 0, writes, packed: 1 };
}

/** The partitions of a hub. */
const PARTITIONS = 4;
