// docs:start
import type { Construct } from 'constructs';
import { EventHubBuffer } from '../../azure/connect/event-hub/event-hub-buffer';
import { EventHubEntry } from '../../azure/connect/event-hub/event-hub-entry';
import { AzurePlatform, type AzurePlatformProps } from '../../azure/foundation/platform';
import { FunctionProcessor } from '../../azure/processing/functions/function-processor';
import { BlobStore } from '../../azure/store/blob/blob-store';
import { packageHandler } from '../../shared/synth/handler-package';

const ACCOUNT =
  '/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/acme/providers/Microsoft.Storage/storageAccounts/acmelake';

/**
 * An existing storage account.
 *
 * Two containers are created in it, `press-events` and `press-dead-letter`: `name` is their prefix. The account keeps its keys,
 * redundancy, versioning and logs. Without logs there is no alert on the dead letter: add one. To use a key of your own, set it on
 * the account.
 */
export class OwnAccount extends AzurePlatform {
  constructor(scope: Construct, id: string, props: AzurePlatformProps = {}) {
    super(scope, id, props);
    const { site, removal, notify } = this;

    const store = new BlobStore(this, 'Store', { site, accountId: ACCOUNT, name: 'press', removal });
    const buffer = new EventHubBuffer(this, 'Buffer', { site, removal, notify });
    new EventHubEntry(this, 'Connect', { sink: buffer, senders: this.askForSenders() });
    new FunctionProcessor(this, 'Processing', {
      site,
      code: packageHandler('azure/handlers/event-hubs-to-blob'),
      source: buffer,
      stores: { STORE: store },
      deadLetter: store.deadLetter,
      notify,
    });
  }
}
// docs:end
