import type { Construct } from 'constructs';
import { ask } from '../../shared/synth/ask';
import { packageHandler } from '../../shared/synth/handler-package';
import { KMS_KEY } from '../../shared/synth/settings';
import { LoggingArchive } from '../connect/logging/logging-archive';
import { PubSubBuffer } from '../connect/pub-sub/pub-sub-buffer';
import { PubSubEntry } from '../connect/pub-sub/pub-sub-entry';
import { GcpPlatform, type GcpPlatformProps } from '../foundation/platform';
import { CloudFunctionProcessor } from '../processing/cloud-functions/cloud-function-processor';
import { BigQueryStore } from '../store/bigquery/bigquery-store';
import { CloudStorageStore } from '../store/cloud-storage/cloud-storage-store';

/** Cloud Storage best practices: a bucket with a key of yours, immutable for 30 days, restorable for 30 more, deleted after two years. Each new object is an event and a row in an inventory, and the audit logs of buckets are kept for a year in another bucket: who changed a bucket, and, if the Data Access audit logs of the project are enabled, who read or wrote objects. */
export class GcpCloudStorageBestPractices extends GcpPlatform {
  constructor(scope: Construct, id: string, props: GcpPlatformProps = {}) {
    super(scope, id, props);
    const { site, removal, notify } = this;
    const auditLogs = 'cloudaudit.googleapis.com/';
    const encryptionKey = ask(this, 'encryption_key', KMS_KEY, {
      description: 'The id of a Cloud KMS key in the region, which encrypts the objects. Without the key, they are lost.',
    });

    const store = new CloudStorageStore(this, 'Store', {
      site,
      immutableDays: 30,
      undeleteWindowDays: 30,
      retentionDays: 730,
      encryptionKey,
      removal,
    });
    const audit = new CloudStorageStore(this, 'StoreAudit', { site, name: 'audit', prefix: auditLogs, immutableDays: 365, removal });
    const inventory = new BigQueryStore(this, 'StoreInventory', { site, name: 'inventory', removal });
    const buffer = new PubSubBuffer(this, 'Buffer', { site, removal, notify });
    const created = new PubSubBuffer(this, 'BufferCreated', { site, name: 'created', removal, notify });
    const connect = new PubSubEntry(this, 'Connect', { sink: buffer, publishers: this.askForPublishers() });
    new LoggingArchive(this, 'ConnectAudit', { site, store: audit, logs: auditLogs, filter: 'resource.type="gcs_bucket"', notify });
    new CloudFunctionProcessor(this, 'Processing', {
      site,
      code: packageHandler('gcp/handlers/pub-sub-to-cloud-storage'),
      source: buffer,
      stores: { STORE: store },
      notify,
    });
    store.deliverCreated(created);
    new CloudFunctionProcessor(this, 'ProcessingCreated', {
      site,
      name: 'inventory',
      code: packageHandler('gcp/handlers/pub-sub-to-bigquery'),
      source: created,
      stores: { STORE: inventory },
      notify,
    });

    const objects = `SELECT subject, data FROM \`${inventory.viewName}\` WHERE event_time >= TIMESTAMP("2026-01-01") LIMIT 10`;
    this.output({
      events_url: [connect.url, 'Send events here, with a Google access token.'],
      send_command: [connect.curl, 'Sends one event. You must be one of the publishers to run it.'],
      show_command: [
        `gcloud storage ls --recursive gs://${store.bucketName}/${store.prefix}`,
        'Shows what was stored. You need the role Storage Object Viewer to run it.',
      ],
      inventory_command: [
        `bq query --project_id=${site.project} --use_legacy_sql=false '${objects}'`,
        'Shows objects with their size, class and checksum. You need the roles BigQuery Data Viewer and BigQuery Job User to run it.',
      ],
      audit_command: [
        `gcloud storage ls --recursive gs://${audit.bucketName}/${audit.prefix}`,
        'Shows the audit logs of buckets, after two to three hours. You need the role Storage Object Viewer to run it.',
      ],
      restore_command: [
        `gcloud storage restore 'gs://${store.bucketName}/${store.prefix}**' --async`,
        'Restores every object that was deleted in the last 30 days. You need the role Storage Admin to run it.',
      ],
      dead_letters_command: [
        `gcloud pubsub subscriptions pull ${buffer.deadLetter.subscription.id} --limit=10`,
        'Shows what could not be processed, without deleting it. You need the role Pub/Sub Subscriber to run it.',
      ],
    });
  }
}
