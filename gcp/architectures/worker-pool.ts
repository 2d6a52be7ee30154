import type { Construct } from 'constructs';
import { packageHandler } from '../../shared/synth/handler-package';
import { PubSubBuffer } from '../connect/pub-sub/pub-sub-buffer';
import { PubSubEntry } from '../connect/pub-sub/pub-sub-entry';
import { GcpPlatform, type GcpPlatformProps } from '../foundation/platform';
import { CloudRunWorkerPool } from '../processing/cloud-run/cloud-run-worker-pool';
import { BigQueryStore } from '../store/bigquery/bigquery-store';

/** Events arrive over HTTPS, are buffered by Pub/Sub, pulled by 1 to 5 instances of a worker pool on Cloud Run, by the number of events that wait, and stored in BigQuery. */
export class GcpWorkerPool extends GcpPlatform {
  constructor(scope: Construct, id: string, props: GcpPlatformProps = {}) {
    super(scope, id, props);
    const { site, removal, notify } = this;

    const store = new BigQueryStore(this, 'Store', { site, removal });
    const buffer = new PubSubBuffer(this, 'Buffer', { site, removal, notify });
    const connect = new PubSubEntry(this, 'Connect', { sink: buffer, publishers: this.askForPublishers() });
    const workers = new CloudRunWorkerPool(this, 'Processing', {
      site,
      image: this.askForImage('worker'),
      code: packageHandler('gcp/handlers/pub-sub-pull-to-bigquery'),
      source: buffer,
      stores: { STORE: store },
      scaling: { image: this.askForImage('autoscaler'), max: 5 },
      notify,
    });

    this.output({
      build_command: [workers.buildCommand!, 'Builds the image, in the folder of this stack and before the apply. Shows its digest.'],
      events_url: [connect.url, 'Send events here, with a Google access token.'],
      send_command: [connect.curl, 'Sends one event. You must be one of the publishers to run it.'],
      show_command: [
        `bq query --project_id=${site.project} --use_legacy_sql=false 'SELECT * FROM \`${store.viewName}\` WHERE event_time >= TIMESTAMP("2026-01-01") LIMIT 10'`,
        'Shows what was stored. You need the roles BigQuery Data Viewer and BigQuery Job User to run it.',
      ],
      dead_letters_command: [
        `gcloud pubsub subscriptions pull ${buffer.deadLetter.subscription.id} --limit=10`,
        'Shows what could not be processed, without deleting it. You need the role Pub/Sub Subscriber to run it.',
      ],
    });
  }
}
