// docs:start
import type { Construct } from 'constructs';
import { PubSubBuffer } from '../../gcp/connect/pub-sub/pub-sub-buffer';
import { GcpPlatform, type GcpPlatformProps } from '../../gcp/foundation/platform';
import { CloudFunctionProcessor } from '../../gcp/processing/cloud-functions/cloud-function-processor';
import { BigQueryStore } from '../../gcp/store/bigquery/bigquery-store';
import { packageHandler } from '../../shared/synth/handler-package';

/**
 * An existing topic and an existing dataset.
 *
 * The function has its own subscription, so other subscribers are not affected. The existing publishers are used, so there is no
 * Connect. It gets messages that are published after the deploy. A message that is not a valid event goes to the dead letter.
 * A table and a view are created in the dataset, named after `name`: `presses` and `unique_presses`. Topic and dataset keep their
 * regions and their keys. For an existing bucket set `bucketName` of `CloudStorageStore`.
 */
export class OwnResources extends GcpPlatform {
  constructor(scope: Construct, id: string, props: GcpPlatformProps = {}) {
    super(scope, id, props);
    const { site, removal, notify } = this;

    new CloudFunctionProcessor(this, 'Processing', {
      site,
      code: packageHandler('gcp/handlers/pub-sub-to-bigquery'),
      source: new PubSubBuffer(this, 'Buffer', { site, topicId: 'projects/acme-data/topics/orders', removal, notify }),
      stores: { STORE: new BigQueryStore(this, 'Store', { site, datasetId: 'plants', name: 'presses', removal }) },
      notify,
    });
  }
}
// docs:end
