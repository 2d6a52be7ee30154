import type { Construct } from 'constructs';
import eventSchema from '../../../shared/runtime/event.schema.json';
import { PubSubBuffer } from '../../connect/pub-sub/pub-sub-buffer';
import { PubSubEntry } from '../../connect/pub-sub/pub-sub-entry';
import { GcpPlatform, type GcpPlatformProps } from '../../foundation/platform';
import { BigQueryStore } from '../../store/bigquery/bigquery-store';
import { DataflowJob } from './dataflow-job';

/** Events arrive over HTTPS, are buffered by Pub/Sub, and a streaming job of Dataflow writes them to BigQuery, on workers without public addresses. */
export class GcpDataflow extends GcpPlatform {
  constructor(scope: Construct, id: string, props: GcpPlatformProps = {}) {
    super(scope, id, props);
    const { site, removal, notify } = this;

    const store = new BigQueryStore(this, 'Store', { site, removal });
    const buffer = new PubSubBuffer(this, 'Buffer', { site, removal, notify });
    const connect = new PubSubEntry(this, 'Connect', { sink: buffer, publishers: this.askForPublishers() });
    const { deadLetter } = new DataflowJob(this, 'Processing', {
      site,
      source: buffer,
      store,
      eventSchema,
      network: this.askForSubnetwork(),
      notify,
      removal,
    });

    const query = (text: string) => `bq query --project_id=${site.project} --use_legacy_sql=false '${text}'`;
    const rows = `SELECT * FROM \`${store.viewName}\` WHERE event_time >= TIMESTAMP("2026-01-01") LIMIT 10`;
    this.output({
      events_url: [connect.url, 'Send events here, with a Google access token.'],
      send_command: [connect.curl, 'Sends one event. You must be one of the publishers to run it.'],
      show_command: [query(rows), 'Shows rows. You need the roles BigQuery Data Viewer and BigQuery Job User to run it.'],
      dead_letters_command: [
        query(`SELECT timestamp, errorMessage, payloadString FROM \`${deadLetter.spec.replace(':', '.')}\` LIMIT 10`),
        'Shows what could not be stored, and why. You need the roles BigQuery Data Viewer and BigQuery Job User to run it.',
      ],
    });
  }
}
