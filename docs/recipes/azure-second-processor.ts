// docs:start
import type { Construct } from 'constructs';
import { EventHubBuffer } from '../../azure/connect/event-hub/event-hub-buffer';
import { EventHubEntry } from '../../azure/connect/event-hub/event-hub-entry';
import { AzurePlatform, type AzurePlatformProps } from '../../azure/foundation/platform';
import { FunctionProcessor } from '../../azure/processing/functions/function-processor';
import { BlobStore } from '../../azure/store/blob/blob-store';
import { packageHandler } from '../../shared/synth/handler-package';

/**
 * A second processor, and a second store that it fills.
 *
 * Each function reads the hub independently, with its own consumer group, named after its `name`: an outage of one store does not
 * affect the other. A hub can have 20 consumer groups. If it needs another transform, copy the folder of the handler to
 * `azure/handlers/event-hubs-to-blob-copy`, and import the other transform in its `main.ts`.
 */
export class SecondProcessor extends AzurePlatform {
  constructor(scope: Construct, id: string, props: AzurePlatformProps = {}) {
    super(scope, id, props);
    const { site, removal, notify } = this;
    const code = packageHandler('azure/handlers/event-hubs-to-blob');

    const buffer = new EventHubBuffer(this, 'Buffer', { site, removal, notify });
    new EventHubEntry(this, 'Connect', { sink: buffer, senders: this.askForSenders() });
    const store = new BlobStore(this, 'Store', { site, removal, notify });
    const { deadLetter } = store;
    new FunctionProcessor(this, 'Processing', { site, code, source: buffer, stores: { STORE: store }, deadLetter, notify });
    const copy = new BlobStore(this, 'StoreCopy', { site, name: 'copy', removal, notify });
    new FunctionProcessor(this, 'ProcessingCopy', {
      site,
      name: 'again',
      code,
      source: buffer,
      stores: { STORE: copy },
      deadLetter: copy.deadLetter,
      notify,
    });
  }
}
// docs:end
