// docs:start
import type { Construct } from 'constructs';
import { EventHubBuffer } from '../../azure/connect/event-hub/event-hub-buffer';
import { EventHubEntry } from '../../azure/connect/event-hub/event-hub-entry';
import { AzurePlatform, type AzurePlatformProps } from '../../azure/foundation/platform';
import { FunctionProcessor } from '../../azure/processing/functions/function-processor';
import { BlobStore } from '../../azure/store/blob/blob-store';
import { packageHandler } from '../../shared/synth/handler-package';

const SUBNET =
  '/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/acme/providers/Microsoft.Network/virtualNetworks/acme/subnets/functions';

/**
 * The function in an existing virtual network.
 *
 * For a transform that needs something in the network. The subnet must be delegated to `Microsoft.App/environments` and contain
 * nothing else. Hub and storage account keep their public endpoints, which require a Microsoft Entra token. Private endpoints and
 * firewalls for them are not part of these templates yet: add them to `buffer.namespace` and `store.account` yourself.
 */
export class OwnNetwork extends AzurePlatform {
  constructor(scope: Construct, id: string, props: AzurePlatformProps = {}) {
    super(scope, id, props);
    const { site, removal, notify } = this;

    const store = new BlobStore(this, 'Store', { site, removal, notify });
    const buffer = new EventHubBuffer(this, 'Buffer', { site, removal, notify });
    new EventHubEntry(this, 'Connect', { sink: buffer, senders: this.askForSenders() });
    new FunctionProcessor(this, 'Processing', {
      site,
      code: packageHandler('azure/handlers/event-hubs-to-blob'),
      source: buffer,
      stores: { STORE: store },
      deadLetter: store.deadLetter,
      subnetId: SUBNET,
      notify,
    });
  }
}
// docs:end
