// docs:start
import type { Construct } from 'constructs';
import { PubSubBuffer } from '../../gcp/connect/pub-sub/pub-sub-buffer';
import { GcpPlatform, type GcpPlatformProps } from '../../gcp/foundation/platform';
import { CloudFunctionProcessor } from '../../gcp/processing/cloud-functions/cloud-function-processor';
import { BigQueryStore } from '../../gcp/store/bigquery/bigquery-store';
import { packageHandler } from '../../shared/synth/handler-package';

/**
 * A topic and a dataset that exist already.
 *
 * The function gets a subscription of its own, so whoever else reads the topic loses nothing, and whoever publishes goes on as
 * before: there is no Connect. It gets what is published from then on. What is no event of the contract goes to the dead letter.
 * A table and a view are made in the dataset, named after `name`: `presses` and `unique_presses`. Topic and dataset keep their
 * regions and their keys. A bucket is brought in the same way: `bucketName` of `CloudStorageStore`.
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
