// docs:start
import type { Construct } from 'constructs';
import { EventHubBuffer } from '../../azure/connect/event-hub/event-hub-buffer';
import { AzurePlatform, type AzurePlatformProps } from '../../azure/foundation/platform';
import { FunctionProcessor } from '../../azure/processing/functions/function-processor';
import { BlobStore } from '../../azure/store/blob/blob-store';
import { packageHandler } from '../../shared/synth/handler-package';

const HUB =
  '/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/acme/providers/Microsoft.EventHub/namespaces/acme/eventhubs/orders';

/**
 * An existing event hub.
 *
 * The function reads it with its own consumer group, so other readers are not affected. The hub keeps its partitions and its
 * retention. It must be in the subscription of the provider.
 */
export class OwnHub extends AzurePlatform {
  constructor(scope: Construct, id: string, props: AzurePlatformProps = {}) {
    super(scope, id, props);
    const { site, removal, notify } = this;

    const store = new BlobStore(this, 'Store', { site, removal, notify });
    new FunctionProcessor(this, 'Processing', {
      site,
      code: packageHandler('azure/handlers/event-hubs-to-blob'),
      source: new EventHubBuffer(this, 'Buffer', { site, hubId: HUB }),
      stores: { STORE: store },
      deadLetter: store.deadLetter,
      notify,
    });
  }
}
// docs:end
