// docs:start
import type { Construct } from 'constructs';
import { PubSubBuffer } from '../../gcp/connect/pub-sub/pub-sub-buffer';
import { PubSubEntry } from '../../gcp/connect/pub-sub/pub-sub-entry';
import { GcpPlatform, type GcpPlatformProps } from '../../gcp/foundation/platform';
import { CloudFunctionProcessor } from '../../gcp/processing/cloud-functions/cloud-function-processor';
import { BigQueryStore } from '../../gcp/store/bigquery/bigquery-store';
import { packageHandler } from '../../shared/synth/handler-package';

/**
 * The function in an existing VPC network.
 *
 * For a transform that needs something in the network. A Serverless VPC Access connector, in the region of the site, routes requests
 * to private addresses; requests to Pub/Sub and BigQuery do not use it. A connector costs by the hour. Direct VPC egress, which needs
 * no connector, and VPC Service Controls are not part of these templates yet.
 */
export class OwnNetwork extends GcpPlatform {
  constructor(scope: Construct, id: string, props: GcpPlatformProps = {}) {
    super(scope, id, props);
    const { site, removal, notify } = this;

    const store = new BigQueryStore(this, 'Store', { site, removal });
    const buffer = new PubSubBuffer(this, 'Buffer', { site, removal, notify });
    new PubSubEntry(this, 'Connect', { sink: buffer, publishers: this.askForPublishers() });
    new CloudFunctionProcessor(this, 'Processing', {
      site,
      code: packageHandler('gcp/handlers/pub-sub-to-bigquery'),
      source: buffer,
      stores: { STORE: store },
      vpcConnector: 'projects/acme-data/locations/europe-west1/connectors/acme',
      notify,
    });
  }
}
// docs:end
