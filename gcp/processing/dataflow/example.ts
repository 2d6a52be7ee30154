import type { Construct } from 'constructs';
import eventSchema from '../../../shared/runtime/event.schema.json';
import { PubSubBuffer } from '../../connect/pub-sub/pub-sub-buffer';
import { PubSubEntry } from '../../connect/pub-sub/pub-sub-entry';
import { GcpPlatform, type GcpPlatformProps } from '../../foundation/platform';
import { BigQueryStore } from '../../store/bigquery/bigquery-store';
import { CloudStorageStore } from '../../store/cloud-storage/cloud-storage-store';
import { DataflowFiles } from './dataflow-files';
import { DataflowJob } from './dataflow-job';
import { DataflowLoad } from './dataflow-load';

/**
 * Events arrive over HTTPS, are buffered by Pub/Sub, and Dataflow writes them to BigQuery at once, to files of five minutes, and each night
 * all files of three days to a second table of BigQuery.
 */
export class GcpDataflow extends GcpPlatform {
  constructor(scope: Construct, id: string, props: GcpPlatformProps = {}) {
    super(scope, id, props);
    const { site, removal, notify } = this;
    const network = this.askForSubnetwork();

    const store = new BigQueryStore(this, 'Store', { site, removal });
    const files = new CloudStorageStore(this, 'StoreFiles', { site, name: 'windows', retentionDays: 3, removal });
    const nightly = new BigQueryStore(this, 'StoreNightly', { site, name: 'nightly', removal });
    const buffer = new PubSubBuffer(this, 'Buffer', { site, removal, notify });
    const connect = new PubSubEntry(this, 'Connect', { sink: buffer, publishers: this.askForPublishers() });
    const rows = new DataflowJob(this, 'Processing', { site, source: buffer, store, eventSchema, network, notify, removal });
    new DataflowFiles(this, 'ProcessingFiles', { site, source: buffer, store: files, network, notify });
    const load = new DataflowLoad(this, 'ProcessingLoad', {
      ...{ site, source: files, store: nightly, eventSchema, network, notify, removal },
      schedule: { cron: '0 3 * * *' },
    });

    const query = (text: string) => `bq query --project_id=${site.project} --use_legacy_sql=false '${text}'`;
    const shown = (view: string) => query(`SELECT * FROM \`${view}\` WHERE event_time >= TIMESTAMP("2026-01-01") LIMIT 10`);
    const roles = 'You need the roles BigQuery Data Viewer and BigQuery Job User to run it.';
    const refused = [rows, load].map(({ deadLetter }) => `SELECT * FROM \`${deadLetter.spec.replace(':', '.')}\``);
    this.output({
      events_url: [connect.url, 'Send events here, with a Google access token.'],
      send_command: [connect.curl, 'Sends one event. You must be one of the publishers to run it.'],
      show_command: [shown(store.viewName), `Shows rows. ${roles}`],
      files_command: [
        `gcloud storage ls "gs://${files.bucketName}/${files.prefix}**"`,
        'Lists the files. You need the role Storage Object Viewer to run it.',
      ],
      show_nightly_command: [shown(nightly.viewName), `Shows rows of the last nights. ${roles}`],
      dead_letters_command: [query(`${refused.join(' UNION ALL ')} LIMIT 10`), `Shows what could not be stored, and why. ${roles}`],
    });
  }
}
