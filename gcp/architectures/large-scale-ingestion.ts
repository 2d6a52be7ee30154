import type { Construct } from 'constructs';
import { packageHandler } from '../../shared/synth/handler-package';
import { LoggingEntry } from '../connect/logging/logging-entry';
import { PubSubBuffer } from '../connect/pub-sub/pub-sub-buffer';
import { PubSubEntry } from '../connect/pub-sub/pub-sub-entry';
import { GcpPlatform, type GcpPlatformProps } from '../foundation/platform';
import { CloudFunctionProcessor } from '../processing/cloud-functions/cloud-function-processor';
import { BigQueryStore } from '../store/bigquery/bigquery-store';
import { CloudStorageStore } from '../store/cloud-storage/cloud-storage-store';

/** Large-scale ingestion of analytics events and logs: Cloud Functions store what is needed at once as rows of BigQuery, and Pub/Sub stores all the rest as files, which are loaded by the day. Logs come from Cloud Logging, errors on the hot path. */
export class GcpLargeScaleIngestion extends GcpPlatform {
  constructor(scope: Construct, id: string, props: GcpPlatformProps = {}) {
    super(scope, id, props);
    const { site, removal, notify } = this;
    const publishers = this.askForPublishers();

    const rows = new BigQueryStore(this, 'Store', { site, removal });
    const files = new CloudStorageStore(this, 'StoreCold', { site, name: 'cold', removal });
    const hot = new PubSubBuffer(this, 'Buffer', { site, name: 'hot', removal, notify });
    const cold = new PubSubBuffer(this, 'BufferCold', { site, name: 'cold', removal, notify });
    const connect = new PubSubEntry(this, 'Connect', { sink: hot, publishers });
    const connectCold = new PubSubEntry(this, 'ConnectCold', { sink: cold, publishers });
    new LoggingEntry(this, 'ConnectLogs', { site, sink: hot, name: 'hot', filter: 'severity>=ERROR', notify });
    new LoggingEntry(this, 'ConnectLogsCold', {
      site,
      sink: cold,
      name: 'cold',
      filter: 'severity<ERROR',
      maxSilenceMinutes: 60,
      notify,
    });
    new CloudFunctionProcessor(this, 'Processing', {
      site,
      code: packageHandler('gcp/handlers/pub-sub-to-bigquery'),
      source: hot,
      stores: { STORE: rows },
      maxInstances: 100,
      notify,
    });
    cold.deliverInto(files, 'cold');

    const { datasetId } = rows.dataset!;
    const day = `bq load --project_id=${site.project} --location=${site.region} --replace --source_format=AVRO --use_avro_logical_types --time_partitioning_type=DAY`;
    this.output({
      events_url: [connect.url, 'Send events here that are needed at once, with a Google access token.'],
      cold_events_url: [connectCold.url, 'Send all other events here, with a Google access token.'],
      send_command: [connect.curl, 'Sends one event to the hot path. You must be one of the publishers to run it.'],
      show_command: [
        `bq query --project_id=${site.project} --use_legacy_sql=false 'SELECT * FROM \`${rows.viewName}\` WHERE event_time >= TIMESTAMP("2026-01-01") LIMIT 10'`,
        'Shows rows of the hot path. You need the roles BigQuery Data Viewer and BigQuery Job User to run it.',
      ],
      load_command: [
        `${day} '${datasetId}.cold$20260131' 'gs://${files.bucketName}/raw/2026/01/31/*.avro'`,
        'Loads the files of one day into a partition, and replaces what it held. You need the roles BigQuery Data Editor, BigQuery Job User and Storage Object Viewer to run it.',
      ],
      dead_letters_command: [
        `gcloud pubsub subscriptions pull ${hot.deadLetter.subscription.id} --limit=10`,
        'Shows what could not be processed, without deleting it. You need the role Pub/Sub Subscriber to run it.',
      ],
      cold_dead_letters_command: [
        `gcloud pubsub subscriptions pull ${cold.deadLetter.subscription.id} --limit=10`,
        'Shows what could not be written into a file. You need the same role to run it.',
      ],
    });
  }
}
