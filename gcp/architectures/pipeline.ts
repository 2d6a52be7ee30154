import type { Construct } from 'constructs';
import { packageHandler } from '../../shared/synth/handler-package';
import { PubSubBuffer } from '../connect/pub-sub/pub-sub-buffer';
import { PubSubEntry } from '../connect/pub-sub/pub-sub-entry';
import { GcpPlatform, type GcpPlatformProps } from '../foundation/platform';
import { CloudFunctionProcessor } from '../processing/cloud-functions/cloud-function-processor';
import { BigQueryStore } from '../store/bigquery/bigquery-store';

/** Events come in over HTTPS, are buffered by Pub/Sub, processed by Cloud Functions, and end as rows of a BigQuery table. */
export class GcpPipeline extends GcpPlatform {
  constructor(scope: Construct, id: string, props: GcpPlatformProps = {}) {
    super(scope, id, props);
    const { site, removal, notify } = this;

    const store = new BigQueryStore(this, 'Store', { site, removal });
    const buffer = new PubSubBuffer(this, 'Buffer', { site, removal, notify });
    const connect = new PubSubEntry(this, 'Connect', { sink: buffer, publishers: this.askForPublishers() });
    new CloudFunctionProcessor(this, 'Processing', {
      site,
      code: packageHandler('gcp/handlers/pub-sub-to-bigquery'),
      source: buffer,
      stores: { STORE: store },
      notify,
    });

    const rows = `SELECT * FROM \`${store.viewName}\` WHERE event_time >= TIMESTAMP("2026-01-01") LIMIT 10`;
    this.output({
      events_url: [connect.url, 'Send events here, with a token of Google.'],
      send_command: [connect.curl, 'Sends one event. Whoever runs it must be one of the publishers.'],
      show_command: [
        `bq query --project_id=${site.project} --use_legacy_sql=false '${rows}'`,
        'Shows what was stored. Whoever runs it needs the roles BigQuery Data Viewer and BigQuery Job User.',
      ],
      dead_letters_command: [
        `gcloud pubsub subscriptions pull ${buffer.deadLetter.subscription.id} --limit=10`,
        'Shows what could not be processed, and leaves it there. Whoever runs it needs the role Pub/Sub Subscriber.',
      ],
    });
  }
}
