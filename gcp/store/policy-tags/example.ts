import type { Construct } from 'constructs';
import { packageHandler } from '../../../shared/synth/handler-package';
import { PubSubBuffer } from '../../connect/pub-sub/pub-sub-buffer';
import { PubSubEntry } from '../../connect/pub-sub/pub-sub-entry';
import { GcpPlatform, type GcpPlatformProps } from '../../foundation/platform';
import { CloudFunctionProcessor } from '../../processing/cloud-functions/cloud-function-processor';
import { BigQueryStore } from '../bigquery/bigquery-store';
import type { Column } from '../bigquery/event-table';
import { PolicyTags } from './policy-tags';

const LINES: Column = {
  name: 'lines',
  type: 'RECORD',
  mode: 'REPEATED',
  columns: [
    { name: 'sku', type: 'STRING' },
    { name: 'quantity', type: 'INTEGER' },
  ],
};

/** Events arrive over HTTPS, are buffered by Pub/Sub, and stored in a BigQuery table with nested columns, of which policy tags protect some. */
export class GcpPolicyTags extends GcpPlatform {
  constructor(scope: Construct, id: string, props: GcpPlatformProps = {}) {
    super(scope, id, props);
    const { site, removal, notify } = this;

    const readers = this.askForStewards();
    const tags = new PolicyTags(this, 'Tags', {
      site,
      tags: { subject: { readers }, customer: { readers, masking: 'SHA256', maskedReaders: this.askForViewers() } },
      notify,
      removal,
    });
    const store = new BigQueryStore(this, 'Store', {
      site,
      columns: [
        { name: 'subject', type: 'STRING', policyTag: tags.tag('subject') },
        {
          name: 'data',
          type: 'RECORD',
          columns: [
            { name: 'customer', type: 'RECORD', columns: [{ name: 'name', type: 'STRING', policyTag: tags.tag('customer') }] },
            LINES,
          ],
        },
      ],
      removal,
    });
    const buffer = new PubSubBuffer(this, 'Buffer', { site, removal, notify });
    const connect = new PubSubEntry(this, 'Connect', { sink: buffer, publishers: this.askForPublishers() });
    new CloudFunctionProcessor(this, 'Processing', {
      site,
      code: packageHandler('gcp/handlers/pub-sub-to-bigquery'),
      source: buffer,
      stores: { STORE: store },
      notify,
    });

    const query = (view: string) =>
      `bq query --project_id=${site.project} --use_legacy_sql=false 'SELECT * FROM \`${view}\` WHERE event_time >= TIMESTAMP("2026-01-01") LIMIT 10'`;
    this.output({
      events_url: [connect.url, 'Send events here, with a Google access token.'],
      send_command: [connect.curl, 'Sends one event. You must be one of the publishers to run it.'],
      show_command: [
        query(store.viewName),
        'Shows what was stored, with protected columns. You must be one of the stewards, and need the roles BigQuery Data Viewer and BigQuery Job User to run it.',
      ],
      open_command: [
        query(store.openViewName),
        'Shows what was stored, without subjects and with a hash of each name. You must be one of the viewers, and need the roles BigQuery Data Viewer and BigQuery Job User to run it.',
      ],
      dead_letters_command: [
        `gcloud pubsub subscriptions pull ${buffer.deadLetter.subscription.id} --limit=10`,
        'Shows what could not be processed, without deleting it. You need the role Pub/Sub Subscriber to run it.',
      ],
    });
  }
}
