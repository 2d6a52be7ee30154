import type { Construct } from 'constructs';
import { packageHandler } from '../../../shared/synth/handler-package';
import { packageScript } from '../../../shared/synth/script-package';
import { PubSubBuffer } from '../../connect/pub-sub/pub-sub-buffer';
import { PubSubEntry } from '../../connect/pub-sub/pub-sub-entry';
import { GcpPlatform, type GcpPlatformProps } from '../../foundation/platform';
import { CloudStorageStore } from '../../store/cloud-storage/cloud-storage-store';
import { CloudFunctionProcessor } from '../cloud-functions/cloud-function-processor';
import { DataprocBatch } from './dataproc-batch';

/** Events over HTTPS are stored as lines of JSON in a bucket, and each night Spark on Dataproc compacts them into Parquet, in a folder for each day, without duplicates. */
export class GcpDataproc extends GcpPlatform {
  constructor(scope: Construct, id: string, props: GcpPlatformProps = {}) {
    super(scope, id, props);
    const { site, removal, notify } = this;

    const store = new CloudStorageStore(this, 'Store', { site, removal });
    const lake = new CloudStorageStore(this, 'StoreLake', { site, name: 'lake', prefix: 'parquet/', removal });
    const buffer = new PubSubBuffer(this, 'Buffer', { site, removal, notify });
    const connect = new PubSubEntry(this, 'Connect', { sink: buffer, publishers: this.askForPublishers() });
    const code = packageHandler('gcp/handlers/pub-sub-to-cloud-storage');
    new CloudFunctionProcessor(this, 'Processing', { site, code, source: buffer, stores: { STORE: store }, notify });
    const compact = new DataprocBatch(this, 'ProcessingCompact', {
      site,
      name: 'compact',
      script: packageScript('shared/runtime/spark/compact'),
      network: this.askForSubnetwork(),
      inputs: { SOURCE: store },
      outputs: { TARGET: lake },
      // A run holds its lock for as long as it may take: the default of ttlHours.
      arguments: { SCHEME: 'gs', FOLDERS: 'day', LOCK_HOURS: '4' },
      schedule: { cron: '0 2 * * *' },
      notify,
    });

    const day = 'year=2026/month=01/day=31';
    const files = `gs://${lake.bucketName}/${lake.prefix}${day}/*.parquet`;
    this.output({
      events_url: [connect.url, 'Send events here, with a Google access token.'],
      send_command: [connect.curl, 'Sends one event. You must be one of the publishers to run it.'],
      compact_command: [
        `gcloud scheduler jobs run ${compact.schedule!.resource.name} --location=${site.region} --project=${site.project}`,
        'Compacts now.',
      ],
      query_command: [
        `bq query --project_id=${site.project} --use_legacy_sql=false --external_table_definition='day::PARQUET=${files}' 'SELECT type, COUNT(*) AS events FROM day GROUP BY type'`,
        'Counts the events of a day. You need the roles Storage Object Viewer and BigQuery Job User to run it.',
      ],
      dead_letters_command: [
        `gcloud pubsub subscriptions pull ${buffer.deadLetter.subscription.id} --limit=10`,
        'Shows what could not be processed, without deleting it. You need the role Pub/Sub Subscriber to run it.',
      ],
    });
  }
}
