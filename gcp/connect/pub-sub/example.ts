import type { Construct } from 'constructs';
import { packageHandler } from '../../../shared/synth/handler-package';
import { GcpPlatform, type GcpPlatformProps } from '../../foundation/platform';
import { CloudFunctionProcessor } from '../../processing/cloud-functions/cloud-function-processor';
import { BigQueryStore } from '../../store/bigquery/bigquery-store';
import { CloudStorageStore } from '../../store/cloud-storage/cloud-storage-store';
import { PubSubBuffer } from './pub-sub-buffer';
import { PubSubEntry } from './pub-sub-entry';

/** Events with the same key keep their order on their way through Pub/Sub to Cloud Functions, which store them as rows of BigQuery. Pub/Sub itself stores each of them as it came, in files of Cloud Storage. */
export class GcpPubSub extends GcpPlatform {
  constructor(scope: Construct, id: string, props: GcpPlatformProps = {}) {
    super(scope, id, props);
    const { site, removal, notify } = this;

    const rows = new BigQueryStore(this, 'Store', { site, removal });
    const files = new CloudStorageStore(this, 'StoreArchive', { site, name: 'archive', removal });
    const buffer = new PubSubBuffer(this, 'Buffer', { site, ordered: true, removal, notify });
    const connect = new PubSubEntry(this, 'Connect', { sink: buffer, publishers: this.askForPublishers() });
    new CloudFunctionProcessor(this, 'Processing', {
      site,
      code: packageHandler('gcp/handlers/pub-sub-to-bigquery'),
      source: buffer,
      stores: { STORE: rows },
      notify,
    });
    buffer.deliverInto(files, 'archive');

    this.output({
      events_url: [connect.url, 'Send events here, with a Google access token. Set the partitionkey of an event as its orderingKey too.'],
      send_command: [connect.curl, 'Sends one event. You must be one of the publishers to run it.'],
      show_command: [
        `bq query --project_id=${site.project} --use_legacy_sql=false 'SELECT * FROM \`${rows.viewName}\` WHERE event_time >= TIMESTAMP("2026-01-01") LIMIT 10'`,
        'Shows rows. You need the roles BigQuery Data Viewer and BigQuery Job User to run it.',
      ],
      archive_command: [
        `gcloud storage ls --recursive gs://${files.bucketName}`,
        'Shows files, after five minutes. You need the role Storage Object Viewer to run it.',
      ],
      dead_letters_command: [
        `gcloud pubsub subscriptions pull ${buffer.deadLetter.subscription.id} --limit=10`,
        'Shows what could not be processed, without deleting it. You need the role Pub/Sub Subscriber to run it.',
      ],
    });
  }
}
