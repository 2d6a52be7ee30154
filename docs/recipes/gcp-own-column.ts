// docs:start
import type { Construct } from 'constructs';
import { PubSubBuffer } from '../../gcp/connect/pub-sub/pub-sub-buffer';
import { PubSubEntry } from '../../gcp/connect/pub-sub/pub-sub-entry';
import { GcpPlatform, type GcpPlatformProps } from '../../gcp/foundation/platform';
import { CloudFunctionProcessor } from '../../gcp/processing/cloud-functions/cloud-function-processor';
import { BigQueryStore } from '../../gcp/store/bigquery/bigquery-store';
import { packageHandler } from '../../shared/synth/handler-package';

/**
 * Columns of your own in BigQuery.
 *
 * A field of a row is stored in the column with its name. A field without a column is stored in the JSON column `rest`. Append
 * columns at the end: BigQuery adds them to the existing table, with NULL in existing rows. A column of type `RECORD` takes an object,
 * with `columns` for its fields. With `mode: 'REPEATED'` a column takes a list.
 */
export class OwnColumn extends GcpPlatform {
  constructor(scope: Construct, id: string, props: GcpPlatformProps = {}) {
    super(scope, id, props);
    const { site, removal, notify } = this;

    const store = new BigQueryStore(this, 'Store', {
      site,
      removal,
      columns: [
        { name: 'subject', type: 'STRING' },
        { name: 'data', type: 'JSON' },
        { name: 'data_base64', type: 'STRING' },
        { name: 'press', type: 'STRING' },
        { name: 'kelvin', type: 'FLOAT' },
      ],
    });
    const buffer = new PubSubBuffer(this, 'Buffer', { site, removal, notify });
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
