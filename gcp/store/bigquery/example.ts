import type { Construct } from 'constructs';
import { PubSubBuffer } from '../../connect/pub-sub/pub-sub-buffer';
import { PubSubEntry } from '../../connect/pub-sub/pub-sub-entry';
import { GcpPlatform, type GcpPlatformProps } from '../../foundation/platform';
import { BigQueryRawStore } from './bigquery-raw-store';

/** Events arrive over HTTPS, are buffered by Pub/Sub, and Pub/Sub itself writes each as a row of a BigQuery table: no code runs. */
export class GcpBigQueryRaw extends GcpPlatform {
  constructor(scope: Construct, id: string, props: GcpPlatformProps = {}) {
    super(scope, id, props);
    const { site, removal, notify } = this;

    const store = new BigQueryRawStore(this, 'Store', { site, removal });
    const buffer = new PubSubBuffer(this, 'Buffer', { site, removal, notify });
    const connect = new PubSubEntry(this, 'Connect', { sink: buffer, publishers: this.askForPublishers() });
    buffer.deliverInto(store, 'raw');

    const query = (view: string) =>
      `bq query --project_id=${site.project} --use_legacy_sql=false 'SELECT * FROM \`${view}\` WHERE publish_day >= "2026-01-01" LIMIT 10'`;
    this.output({
      events_url: [connect.url, 'Send events here, with a Google access token.'],
      send_command: [connect.curl, 'Sends one event. You must be one of the publishers to run it.'],
      show_command: [
        query(store.viewName),
        'Shows what was stored. You need the roles BigQuery Data Viewer and BigQuery Job User to run it.',
      ],
      rejected_command: [query(store.rejectedName), 'Shows what was stored, but is no event of the contract, and why.'],
      dead_letters_command: [
        `gcloud pubsub subscriptions pull ${buffer.deadLetter.subscription.id} --limit=10`,
        'Shows what could not be stored, without deleting it. You need the role Pub/Sub Subscriber to run it.',
      ],
    });
  }
}
