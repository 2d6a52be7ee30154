import type { Construct } from 'constructs';
import { ask } from '../../../shared/synth/ask';
import { packageHandler } from '../../../shared/synth/handler-package';
import { EventHubBuffer } from '../../connect/event-hub/event-hub-buffer';
import { EventHubEntry } from '../../connect/event-hub/event-hub-entry';
import { AzurePlatform, type AzurePlatformProps } from '../../foundation/platform';
import { FunctionProcessor } from '../../processing/functions/function-processor';
import { BlobStore } from '../../store/blob/blob-store';
import { START } from './copy-rules';
import { DataFactoryCopy } from './data-factory-copy';

/** Events are buffered by Event Hubs and stored in Blob Storage by Functions. Data Factory copies each hour of files to a second account. */
export class AzureDataFactory extends AzurePlatform {
  constructor(scope: Construct, id: string, props: AzurePlatformProps = {}) {
    super(scope, id, props);
    const { site, removal, notify } = this;

    const store = new BlobStore(this, 'Store', { site, removal, notify });
    const buffer = new EventHubBuffer(this, 'Buffer', { site, removal, notify });
    const connect = new EventHubEntry(this, 'Connect', { sink: buffer, senders: this.askForSenders() });
    new FunctionProcessor(this, 'Processing', {
      site,
      code: packageHandler('azure/handlers/event-hubs-to-blob'),
      source: buffer,
      stores: { STORE: store },
      deadLetter: store.deadLetter,
      notify,
    });
    const archive = new BlobStore(this, 'StoreCopy', { site, name: 'copy', removal, notify });
    const startTime = ask(this, 'first_window', START, {
      description:
        'When the first window starts, in UTC, such as 2026-01-01T00:00:00Z. Take the hour of the first deploy: each hour since then is copied.',
    });
    const copy = new DataFactoryCopy(this, 'BufferCopy', { site, from: store, to: archive, startTime, notify });

    this.output({
      events_url: [connect.url, 'Send events here, with a Microsoft Entra token.'],
      factory: [copy.factory.name, 'The factory whose runs the portal shows, under Monitor.'],
    });
  }
}
