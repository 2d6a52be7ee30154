// docs:start
import type { Construct } from 'constructs';
import { PubSubBuffer } from '../../gcp/connect/pub-sub/pub-sub-buffer';
import { PubSubEntry } from '../../gcp/connect/pub-sub/pub-sub-entry';
import { GcpPlatform, type GcpPlatformProps } from '../../gcp/foundation/platform';
import { CloudFunctionProcessor } from '../../gcp/processing/cloud-functions/cloud-function-processor';
import { BigQueryStore } from '../../gcp/store/bigquery/bigquery-store';
import { CloudStorageStore } from '../../gcp/store/cloud-storage/cloud-storage-store';
import { packageHandler } from '../../shared/synth/handler-package';

/**
 * A second processor, and a second store that it fills.
 *
 * Each function has its own subscription, named after its `name`: an outage of one store does not affect the other. A new
 * subscription gets only new messages. If it needs another transform, copy the folder of the handler to
 * `gcp/handlers/pub-sub-to-cloud-storage-files`, and import the other transform in its `main.ts`. To store events unchanged, you do
 * not need a function: use `buffer.deliverInto(files, 'archive')`.
 */
export class SecondProcessor extends GcpPlatform {
  constructor(scope: Construct, id: string, props: GcpPlatformProps = {}) {
    super(scope, id, props);
    const { site, removal, notify } = this;

    const buffer = new PubSubBuffer(this, 'Buffer', { site, removal, notify });
    new PubSubEntry(this, 'Connect', { sink: buffer, publishers: this.askForPublishers() });
    new CloudFunctionProcessor(this, 'Processing', {
      site,
      code: packageHandler('gcp/handlers/pub-sub-to-bigquery'),
      source: buffer,
      stores: { STORE: new BigQueryStore(this, 'Store', { site, removal }) },
      notify,
    });
    const files = new CloudStorageStore(this, 'StoreFiles', { site, removal });
    new CloudFunctionProcessor(this, 'ProcessingFiles', {
      site,
      name: 'files',
      code: packageHandler('gcp/handlers/pub-sub-to-cloud-storage'),
      source: buffer,
      stores: { STORE: files },
      notify,
    });
  }
}
// docs:end
