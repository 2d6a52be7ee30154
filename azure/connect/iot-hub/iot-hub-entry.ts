import { Iothub } from '@cdktf/provider-azurerm/lib/iothub';
import { IothubCertificate } from '@cdktf/provider-azurerm/lib/iothub-certificate';
import { RoleAssignment } from '@cdktf/provider-azurerm/lib/role-assignment';
import { UserAssignedIdentity } from '@cdktf/provider-azurerm/lib/user-assigned-identity';
import { Construct } from 'constructs';
import { acknowledge } from '../../../shared/synth/acknowledge';
import { keepAddress, takeName } from '../../../shared/synth/kept-name';
import type { Removal } from '../../../shared/synth/settings';
import { mayDestroy } from '../../../shared/synth/settings';
import { canonicalGuid, canonicalId, segment } from '../../foundation/arm-id';
import { requireOwnSubscription } from '../../foundation/own-subscription';
import { needResourceProviders } from '../../foundation/resource-providers';
import type { DirectStore } from '../../ports/delivery';
import type { Binding, Workload } from '../../ports/identity';
import type { RecordSink } from '../../ports/records';
import type { Site } from '../../ports/site';
import { registerCommand, sendByMqtt } from './device-commands';
import { alertOnHub, logsOf } from './hub-alerts';
import { requireSettings } from './hub-rules';
import { Routes } from './routes';
import type { Sku } from './tiers';

const HUB = 'Microsoft.Devices/IotHubs';
const PUBLIC =
  'Devices reach it over the internet, each with a certificate. For devices in a private network, set publicNetworkAccessEnabled to false on the hub, and add a PrivateEndpoint.';
/** Azure would refuse a second endpoint or route of one name, when the first exists already. */
const ONE_ENTRY = 'The routes and endpoints of two entries would have the same names: send to a second sink with a route of your own.';

/** Settings for {@link IotHubEntry}. */
export interface IotHubEntryProps {
  /** The resource group, the region and the workspace of the hub. */
  readonly site: Site;
  /** Where the messages of devices go: an event hub. Its partition key is the device id. */
  readonly sink: RecordSink;
  /**
   * A store that gets a copy of each message, and each change of a device twin, as they came. Use a store of its own: its objects
   * do not follow the contract of events.
   * @default - no copy, and changes of twins go nowhere
   */
  readonly archive?: DirectStore;
  /**
   * The middle of the name of the hub: 1 to 20 lower-case letters and digits, starting with a letter. A change replaces the hub,
   * and all device identities are lost.
   * @default devices
   */
  readonly name?: string;
  /**
   * The tier and the size. A unit of S1 and B1 accepts 400,000 messages a day, of S2 and B2 6 million, of S3 and B3 300 million, in
   * steps of 4 kB. B1 to B3 have no device twins and send nothing to devices. Azure changes B to S, and not back.
   * @default S1
   */
  readonly sku?: Sku;
  /**
   * How many units, from 1 to 200, and of S3 and B3 to 10. Azure does not add units under load: above the daily quota, it refuses
   * messages until midnight UTC.
   * @default 1
   */
  readonly units?: number;
  /**
   * The certificates of your own authorities, as PEM, each by its name: devices with a certificate that one of them signed are
   * accepted, once they are registered. Give the next one beside the current one to replace it. A private key is refused.
   * @default - no authority: each device is registered with the thumbprints of its own certificate
   */
  readonly certificateAuthorities?: Readonly<Record<string, string>>;
  /**
   * Whether devices send all the time: an alert fires if no message arrives for half an hour. It fires from the first deploy until
   * the first device sends. It reads the metrics in the workspace of the site, so it is refused with `hubId`.
   * @default false
   */
  readonly alertOnSilence?: boolean;
  /**
   * An existing user-assigned identity, as which the hub delivers. The roles that the hub needs are assigned to it.
   * @default - a new identity, for this hub only
   */
  readonly identity?: { readonly id: string; readonly principalId: string };
  /**
   * The id of an existing hub, which must already have `identity`. Its tier, its keys, its fallback route and its logs stay unchanged,
   * and there is no alert on its quota or on silence.
   * @default - a new hub
   */
  readonly hubId?: string;
  /**
   * The ids of the action groups that every alert notifies.
   * @default - alerts fire without a notification
   */
  readonly notify?: readonly string[];
  /**
   * What happens to the device identities when the stack is deleted. With `retain`, `terraform destroy` fails. `destroy` also requires
   * the context `destroyData`. Export the identities first, with `az iot hub device-identity export`.
   * @default retain
   */
  readonly removal?: Removal;
}

/**
 * Connect stage: an IoT hub that devices sign in to, over MQTT, AMQP or HTTPS, and that delivers their messages to an event hub. It
 * signs in to the event hub and to the archive with Microsoft Entra ID. The keys of the hub itself are disabled.
 *
 * Devices sign in with X.509 certificates. Terraform cannot disable keys of single devices: register none. The Device Provisioning
 * Service is not supported, because it signs in to a hub with a key. The endpoint that is built into each hub can be read with keys
 * only, so nothing here reads it: it keeps a message for one day if no route takes it.
 *
 * A message must be a CloudEvent in JSON, sent with the content type `application/json` and the encoding `utf-8`, of at most 256 kB. The
 * hub does not validate it: an event that breaks the contract goes to the dead letter of the processor.
 * Do not use it for senders that can get a Microsoft Entra token: use an EventHubEntry. Do not use it for browsers.
 * A unit of S1 costs about 25 USD a month, also without messages, and messages cost nothing more. A deploy replaces the hub only for
 * another name, resource group or region. The number of partitions of the built-in endpoint cannot be changed.
 * @see https://learn.microsoft.com/azure/iot-hub/iot-hub-devguide-messages-d2c
 */
export class IotHubEntry extends Construct implements Workload {
  readonly name: string;
  readonly principalId: string;
  readonly principalType = 'ServicePrincipal';
  /** The hub, if this construct created it. */
  readonly hub?: Iothub;
  /** The id of the hub, new or existing. */
  readonly hubId: string;
  /** The host name that devices connect to, on port 8883 for MQTT. */
  readonly host: string;
  /** A command that registers the device `press-7`, whose certificate an authority signed. It requires the role IoT Hub Registry Contributor. */
  readonly registerCommand: string;
  /** A command that sends one event as the device `press-7`, with its certificate and its private key in the current folder. */
  readonly sendCommand: string;

  constructor(scope: Construct, id: string, props: IotHubEntryProps) {
    super(scope, id);
    const { site, sink, archive, notify, hubId, certificateAuthorities = {} } = props;
    const { middle, sku, units } = requireSettings(this, props);
    const lifecycle = mayDestroy(this, props.removal) ? undefined : { preventDestroy: true };
    if (hubId === undefined) takeName(this, 'IoT hub of a site', middle, [site.prefix, site.suffix]);
    else takeName(this, 'IoT hub with an entry', segment(canonicalId(hubId, HUB), 8), [canonicalId(hubId, HUB)], ONE_ENTRY);
    if (hubId !== undefined) requireOwnSubscription(this, this.node.path, 'hubId', hubId);
    needResourceProviders(this, 'Microsoft.Devices', 'Microsoft.Insights', 'Microsoft.ManagedIdentity');

    const { resourceGroupName, location } = site;
    this.name = `${site.prefix}-${middle}`;
    const identity = props.identity ?? new UserAssignedIdentity(this, 'Identity', { name: this.name, resourceGroupName, location });
    const identityId = canonicalId(identity.id, 'Microsoft.ManagedIdentity/userAssignedIdentities');
    this.principalId = canonicalGuid(identity.principalId);
    const buffer = sink.bindWriter(this, 'EVENTS');
    const target = archive?.bindDelivery(this);

    if (hubId === undefined) {
      this.hub = new Iothub(this, 'Hub', {
        name: `${this.name}-${site.suffix}`,
        resourceGroupName,
        location,
        sku: { name: sku, capacity: units },
        localAuthenticationEnabled: false,
        publicNetworkAccessEnabled: true,
        eventHubPartitionCount: 4,
        eventHubRetentionInDays: 1,
        identity: { type: 'UserAssigned', identityIds: [identityId] },
        // What no route takes is kept for a day. Without it, it is lost.
        fallbackRoute: { source: 'DeviceMessages', condition: 'true', endpointNames: ['events'], enabled: true },
        lifecycle,
      });
      keepAddress(this.hub, middle);
      acknowledge(this.hub, { CKV_AZURE_108: PUBLIC });
      logsOf(this, this.hub, site);
    }
    this.hubId = this.hub?.id ?? canonicalId(hubId!, HUB);
    const hubName = this.hub?.name ?? segment(this.hubId, 8);
    const hub = { id: this.hubId, name: hubName, resourceGroupName: this.hub?.resourceGroupName ?? segment(this.hubId, 4) };
    for (const [authority, certificateContent] of Object.entries(certificateAuthorities)) {
      const { name: iothubName, resourceGroupName: group } = hub;
      const certificate = { name: authority, iothubName, resourceGroupName: group, certificateContent, isVerified: true };
      new IothubCertificate(this, `Authority-${authority}`, certificate);
    }
    const twins = hubId === undefined && sku.startsWith('S');
    new Routes(this, 'Routes', { hub, identityId, buffer, archive: target, twins });

    this.host = `${hubName}.azure-devices.net`;
    this.registerCommand = registerCommand(hubName);
    this.sendCommand = sendByMqtt(this.host);
    alertOnHub(this, {
      site,
      name: this.name,
      hubId: this.hubId,
      notify,
      size: hubId === undefined ? { sku, units } : undefined,
      silence: props.alertOnSilence,
    });
  }

  /** Let `registrar` register, change and delete devices, and nothing else. */
  bindRegistrar(registrar: Workload, name: string): Binding {
    const { principalId, principalType, forEach } = registrar;
    const grant = { scope: this.hubId, roleDefinitionName: 'IoT Hub Registry Contributor', principalId, principalType, forEach };
    const role = new RoleAssignment(registrar, `${name}Registrar`, grant);
    return { settings: { [`${name}_HOST`]: this.host }, waitFor: [role] };
  }
}
