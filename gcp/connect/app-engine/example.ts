import type { Construct } from 'constructs';
import { packageHandler } from '../../../shared/synth/handler-package';
import { GcpPlatform, type GcpPlatformProps } from '../../foundation/platform';
import { CloudFunctionProcessor } from '../../processing/cloud-functions/cloud-function-processor';
import { BigQueryStore } from '../../store/bigquery/bigquery-store';
import { CloudStorageStore } from '../../store/cloud-storage/cloud-storage-store';
import { PubSubBuffer } from '../pub-sub/pub-sub-buffer';
import { AppEngineEntry } from './app-engine-entry';

/** Callers inside of the project send events to a service of App Engine, which are buffered by Pub/Sub, processed by Cloud Functions, and stored as rows of a BigQuery table. */
export class GcpAppEngine extends GcpPlatform {
  constructor(scope: Construct, id: string, props: GcpPlatformProps = {}) {
    super(scope, id, props);
    const { site, removal, notify } = this;

    const store = new BigQueryStore(this, 'Store', { site, removal });
    const buffer = new PubSubBuffer(this, 'Buffer', { site, removal, notify });
    const registry = new CloudStorageStore(this, 'ConnectCallers', { site, name: 'callers', prefix: 'callers/', removal });
    const entry = packageHandler('gcp/handlers/device-https-to-pub-sub');
    const connect = new AppEngineEntry(this, 'Connect', { site, sink: buffer, registry, code: entry, notify });
    const code = packageHandler('gcp/handlers/pub-sub-to-bigquery');
    new CloudFunctionProcessor(this, 'Processing', { site, code, source: buffer, stores: { STORE: store }, notify });

    const rows = `SELECT * FROM \`${store.viewName}\` WHERE event_time >= TIMESTAMP("2026-01-01") LIMIT 10`;
    this.output({
      register_command: [connect.registerCommand, 'Registers a caller. You need the role Storage Object Creator to run it.'],
      address_command: [connect.addressCommand, 'Shows the address. Events are sent to /events of it, from a VPC network of the project.'],
      versions_command: [connect.versionsCommand, 'Lists the versions. Delete old ones with gcloud app versions delete.'],
      audience: [connect.audience, 'The aud of the tokens of callers.'],
      show_command: [
        `bq query --project_id=${site.project} --use_legacy_sql=false '${rows}'`,
        'Shows what was stored. You need the roles BigQuery Data Viewer and BigQuery Job User to run it.',
      ],
      dead_letters_command: [
        `gcloud pubsub subscriptions pull ${buffer.deadLetter.subscription.id} --limit=10`,
        'Shows what could not be processed, without deleting it. You need the role Pub/Sub Subscriber to run it.',
      ],
    });
  }
}
