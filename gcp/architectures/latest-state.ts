import type { Construct } from 'constructs';
import { packageHandler } from '../../shared/synth/handler-package';
import { PubSubBuffer } from '../connect/pub-sub/pub-sub-buffer';
import { PubSubEntry } from '../connect/pub-sub/pub-sub-entry';
import { GcpPlatform, type GcpPlatformProps } from '../foundation/platform';
import { CloudFunctionProcessor } from '../processing/cloud-functions/cloud-function-processor';
import { BigQueryUpsertStore } from '../store/bigquery/bigquery-upsert-store';

/** Events arrive over HTTPS, are buffered by Pub/Sub, processed by Cloud Functions, and a BigQuery table has the latest row of each device. */
export class GcpLatestState extends GcpPlatform {
  constructor(scope: Construct, id: string, props: GcpPlatformProps = {}) {
    super(scope, id, props);
    const { site, removal, notify } = this;

    const store = new BigQueryUpsertStore(this, 'Store', { site, removal });
    const buffer = new PubSubBuffer(this, 'Buffer', { site, removal, notify });
    const connect = new PubSubEntry(this, 'Connect', { sink: buffer, publishers: this.askForPublishers() });
    new CloudFunctionProcessor(this, 'Processing', {
      site,
      code: packageHandler('gcp/handlers/pub-sub-to-bigquery-upsert'),
      source: buffer,
      stores: { STORE: store },
      notify,
    });

    const query = (text: string) => `bq query --project_id=${site.project} --use_legacy_sql=false '${text}'`;
    this.output({
      events_url: [connect.url, 'Send events here, with a Google access token.'],
      send_command: [connect.curl, 'Sends one event. You must be one of the publishers to run it.'],
      show_command: [
        query(`SELECT * FROM \`${store.tableName}\` LIMIT 10`),
        'Shows the latest rows. You need the roles BigQuery Data Viewer and BigQuery Job User to run it.',
      ],
      freshness_command: [
        query(store.freshness),
        'Shows up to when changes are applied. You need the roles BigQuery Metadata Viewer and BigQuery Job User to run it.',
      ],
      dead_letters_command: [
        `gcloud pubsub subscriptions pull ${buffer.deadLetter.subscription.id} --limit=10`,
        'Shows what could not be processed, without deleting it. You need the role Pub/Sub Subscriber to run it.',
      ],
    });
  }
}
