import { IothubEndpointEventhub } from '@cdktf/provider-azurerm/lib/iothub-endpoint-eventhub';
import { IothubEndpointStorageContainer } from '@cdktf/provider-azurerm/lib/iothub-endpoint-storage-container';
import { IothubRouteA } from '@cdktf/provider-azurerm/lib/iothub-route';
import { Construct } from 'constructs';
import type { DeliveryTarget } from '../../ports/delivery';
import type { Binding } from '../../ports/identity';

/** Settings for {@link Routes}. */
export interface RoutesProps {
  readonly hub: { readonly id: string; readonly name: string; readonly resourceGroupName: string };
  /** The id of the identity as which the hub delivers. */
  readonly identityId: string;
  /** The event hub that gets all messages. */
  readonly buffer: Binding;
  /**
   * The container that gets a copy.
   * @default - no copy
   */
  readonly archive?: DeliveryTarget;
  /** Whether the hub has device twins, and their changes go to the archive. */
  readonly twins: boolean;
}

/**
 * What a hub delivers, and where: all messages to an event hub, and a copy of them to a container.
 *
 * Do not use it with `endpoint` or `route` of the hub itself: the provider would overwrite one with the other.
 * @see https://learn.microsoft.com/azure/iot-hub/iot-hub-devguide-endpoints
 */
export class Routes extends Construct {
  constructor(scope: Construct, id: string, props: RoutesProps) {
    super(scope, id);
    const { hub, identityId, buffer, archive } = props;
    const { resourceGroupName } = hub;
    // An endpoint signs in as the identity of the hub, so it waits for all roles of the identity.
    const dependsOn = [...buffer.waitFor, ...(archive?.waitFor ?? [])];
    const signedIn = { iothubId: hub.id, resourceGroupName, authenticationType: 'identityBased', identityId, dependsOn };
    const events = new IothubEndpointEventhub(this, 'Buffer', {
      name: 'buffer',
      ...signedIn,
      endpointUri: `sb://${buffer.settings.EVENTS_NAMESPACE}`,
      entityPath: buffer.settings.EVENTS_HUB,
    });
    const route = (name: string, source: string, endpointName: string) =>
      new IothubRouteA(this, name, {
        name,
        iothubName: hub.name,
        resourceGroupName,
        source,
        condition: 'true',
        endpointNames: [endpointName],
        enabled: true,
      });
    route('telemetry', 'DeviceMessages', events.name);
    if (!archive) return;
    const cold = new IothubEndpointStorageContainer(this, 'Archive', {
      name: 'archive',
      ...signedIn,
      endpointUri: `https://${archive.storageAccountName}.blob.core.windows.net/`,
      containerName: archive.containerName,
      encoding: 'JSON',
      batchFrequencyInSeconds: 300,
      maxChunkSizeInBytes: 104_857_600,
      fileNameFormat: `${archive.prefix}year={YYYY}/month={MM}/day={DD}/{iothub}-{partition}-{HH}-{mm}`,
    });
    route('archive', 'DeviceMessages', cold.name);
    if (props.twins) route('twin-changes', 'TwinChangeEvents', cold.name);
  }
}
