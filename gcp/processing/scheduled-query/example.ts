import type { Construct } from 'constructs';
import { packageHandler } from '../../../shared/synth/handler-package';
import { PubSubBuffer } from '../../connect/pub-sub/pub-sub-buffer';
import { PubSubEntry } from '../../connect/pub-sub/pub-sub-entry';
import { GcpPlatform, type GcpPlatformProps } from '../../foundation/platform';
import { BigQueryStore } from '../../store/bigquery/bigquery-store';
import { CloudFunctionProcessor } from '../cloud-functions/cloud-function-processor';
import { cleanRows } from './clean-rows';
import { ScheduledQuery } from './scheduled-query';

/** Events arrive over HTTPS, are buffered by Pub/Sub, stored as raw rows in BigQuery, and each hour a scheduled query adds their clean rows, with a column for each number. */
export class GcpScheduledQuery extends GcpPlatform {
  constructor(scope: Construct, id: string, props: GcpPlatformProps = {}) {
    super(scope, id, props);
    const { site, removal, notify } = this;

    const raw = new BigQueryStore(this, 'Store', { site, removal });
    const clean = new BigQueryStore(this, 'StoreClean', {
      site,
      name: 'clean',
      columns: [
        { name: 'place', type: 'STRING' },
        { name: 'kelvin', type: 'FLOAT' },
      ],
      removal,
    });
    const buffer = new PubSubBuffer(this, 'Buffer', { site, removal, notify });
    const connect = new PubSubEntry(this, 'Connect', { sink: buffer, publishers: this.askForPublishers() });
    new CloudFunctionProcessor(this, 'Processing', {
      site,
      code: packageHandler('gcp/handlers/pub-sub-to-bigquery'),
      source: buffer,
      stores: { STORE: raw },
      notify,
    });
    new ScheduledQuery(this, 'ProcessingClean', {
      site,
      name: 'clean',
      reads: { RAW: raw },
      writes: { CLEAN: clean },
      query: ({ RAW, CLEAN }) =>
        cleanRows({
          from: RAW!,
          into: CLEAN!,
          columns: {
            place: "JSON_VALUE(data, '$.place')",
            kelvin: "SAFE_CAST(JSON_VALUE(data, '$.kelvin') AS FLOAT64)",
          },
        }),
      notify,
    });

    const rows = `SELECT * FROM \`${clean.viewName}\` WHERE event_time >= TIMESTAMP("2026-01-01") LIMIT 10`;
    this.output({
      events_url: [connect.url, 'Send events here, with a Google access token.'],
      send_command: [connect.curl, 'Sends one event. You must be one of the publishers to run it.'],
      show_command: [
        `bq query --project_id=${site.project} --use_legacy_sql=false '${rows}'`,
        'Shows the clean rows. You need the roles BigQuery Data Viewer and BigQuery Job User to run it.',
      ],
      dead_letters_command: [
        `gcloud pubsub subscriptions pull ${buffer.deadLetter.subscription.id} --limit=10`,
        'Shows what could not be processed, without deleting it. You need the role Pub/Sub Subscriber to run it.',
      ],
    });
  }
}
