import type { Construct } from 'constructs';
import { packageHandler } from '../../../shared/synth/handler-package';
import { GcpPlatform, type GcpPlatformProps } from '../../foundation/platform';
import { CloudFunctionProcessor } from '../../processing/cloud-functions/cloud-function-processor';
import { BigQueryStore } from '../../store/bigquery/bigquery-store';
import { CloudStorageStore } from '../../store/cloud-storage/cloud-storage-store';
import { PubSubBuffer } from '../pub-sub/pub-sub-buffer';
import { LoggingArchive } from './logging-archive';
import { LoggingEntry } from './logging-entry';

/** Errors in the logs of the project are events, buffered by Pub/Sub and stored as rows of BigQuery. Audit logs are kept as files that nobody can delete for a year. */
export class GcpLogging extends GcpPlatform {
  constructor(scope: Construct, id: string, props: GcpPlatformProps = {}) {
    super(scope, id, props);
    const { site, removal, notify } = this;
    const auditLogs = 'cloudaudit.googleapis.com/';

    const store = new BigQueryStore(this, 'Store', { site, name: 'logs', removal });
    const files = new CloudStorageStore(this, 'StoreAudit', { site, name: 'audit', prefix: auditLogs, immutableDays: 365, removal });
    const buffer = new PubSubBuffer(this, 'Buffer', { site, name: 'logs', removal, notify });
    new LoggingEntry(this, 'Connect', { site, sink: buffer, filter: 'severity>=ERROR', notify });
    new LoggingArchive(this, 'ConnectAudit', { site, store: files, logs: auditLogs, notify });
    new CloudFunctionProcessor(this, 'Processing', {
      site,
      code: packageHandler('gcp/handlers/pub-sub-to-bigquery'),
      source: buffer,
      stores: { STORE: store },
      notify,
    });

    const rows = `SELECT * FROM \`${store.viewName}\` WHERE event_time >= TIMESTAMP("2026-01-01") LIMIT 10`;
    this.output({
      write_command: [
        `gcloud logging write hello "Something broke" --severity=ERROR --project=${site.project}`,
        'Writes one log entry. You need the role Logs Writer to run it.',
      ],
      show_command: [
        `bq query --project_id=${site.project} --use_legacy_sql=false '${rows}'`,
        'Shows what was stored. You need the roles BigQuery Data Viewer and BigQuery Job User to run it.',
      ],
      archive_command: [
        `gcloud storage ls --recursive gs://${files.bucketName}/${files.prefix}`,
        'Shows the files of audit logs, after two to three hours. You need the role Storage Object Viewer to run it.',
      ],
      dead_letters_command: [
        `gcloud pubsub subscriptions pull ${buffer.deadLetter.subscription.id} --limit=10`,
        'Shows what could not be processed, without deleting it. You need the role Pub/Sub Subscriber to run it.',
      ],
    });
  }
}
