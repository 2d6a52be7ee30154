import type { Construct } from 'constructs';
import { PubSubBuffer } from '../../connect/pub-sub/pub-sub-buffer';
import { PubSubEntry } from '../../connect/pub-sub/pub-sub-entry';
import { GcpPlatform, type GcpPlatformProps } from '../../foundation/platform';
import { BigQueryRawStore } from '../../store/bigquery/bigquery-raw-store';
import { SharedView } from './shared-view';

/** Events arrive over HTTPS, Pub/Sub itself writes each as a row of a BigQuery table, and readers of dashboards in Data Studio see a view of them, not the table. */
export class GcpSharedView extends GcpPlatform {
  constructor(scope: Construct, id: string, props: GcpPlatformProps = {}) {
    super(scope, id, props);
    const { site, removal, notify } = this;

    const store = new BigQueryRawStore(this, 'Store', { site, removal });
    const buffer = new PubSubBuffer(this, 'Buffer', { site, removal, notify });
    const connect = new PubSubEntry(this, 'Connect', { sink: buffer, publishers: this.askForPublishers() });
    buffer.deliverInto(store, 'raw');
    const shared = new SharedView(this, 'Visualize', {
      site,
      store,
      columns: ['publish_day', 'event_time', 'event_type', 'subject', 'data'],
      readers: this.askForViewers(),
      removal,
    });

    const rows = `SELECT * FROM \`${shared.viewName}\` WHERE publish_day >= "2026-01-01" LIMIT 10`;
    this.output({
      events_url: [connect.url, 'Send events here, with a Google access token.'],
      send_command: [connect.curl, 'Sends one event. You must be one of the publishers to run it.'],
      shared_view: [shared.viewName, 'The view to connect to in Data Studio.'],
      show_command: [
        `bq query --project_id=${site.project} --use_legacy_sql=false '${rows}'`,
        'Shows what readers see. You must be one of the viewers to run it.',
      ],
      dead_letters_command: [
        `gcloud pubsub subscriptions pull ${buffer.deadLetter.subscription.id} --limit=10`,
        'Shows what could not be stored, without deleting it. You need the role Pub/Sub Subscriber to run it.',
      ],
    });
  }
}
