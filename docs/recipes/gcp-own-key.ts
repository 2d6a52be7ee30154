// docs:start
import type { Construct } from 'constructs';
import { PubSubBuffer } from '../../gcp/connect/pub-sub/pub-sub-buffer';
import { PubSubEntry } from '../../gcp/connect/pub-sub/pub-sub-entry';
import { GcpPlatform, type GcpPlatformProps } from '../../gcp/foundation/platform';
import { CloudFunctionProcessor } from '../../gcp/processing/cloud-functions/cloud-function-processor';
import { BigQueryStore } from '../../gcp/store/bigquery/bigquery-store';
import { packageHandler } from '../../shared/synth/handler-package';

const KEY = 'projects/acme-keys/locations/europe-west1/keyRings/data/cryptoKeys/events';

/**
 * A key of your own.
 *
 * The key must be in the region of the site. The stack grants its use to the service agents of Pub/Sub and BigQuery, so the
 * deploying user needs permission to change its IAM policy. Set it at the first deploy: another key replaces an existing table, which
 * Terraform refuses while its data is retained.
 */
export class OwnKey extends GcpPlatform {
  constructor(scope: Construct, id: string, props: GcpPlatformProps = {}) {
    super(scope, id, props);
    const { site, removal, notify } = this;

    const store = new BigQueryStore(this, 'Store', { site, encryptionKey: KEY, removal });
    const buffer = new PubSubBuffer(this, 'Buffer', { site, encryptionKey: KEY, removal, notify });
    new PubSubEntry(this, 'Connect', { sink: buffer, publishers: this.askForPublishers() });
    new CloudFunctionProcessor(this, 'Processing', {
      site,
      code: packageHandler('gcp/handlers/pub-sub-to-bigquery'),
      source: buffer,
      stores: { STORE: store },
      notify,
    });
  }
}
// docs:end
