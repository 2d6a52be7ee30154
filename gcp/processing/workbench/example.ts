import type { Construct } from 'constructs';
import { ask } from '../../../shared/synth/ask';
import { PubSubBuffer } from '../../connect/pub-sub/pub-sub-buffer';
import { PubSubEntry } from '../../connect/pub-sub/pub-sub-entry';
import { GcpPlatform, type GcpPlatformProps } from '../../foundation/platform';
import { BigQueryRawStore } from '../../store/bigquery/bigquery-raw-store';
import { Workbench } from './workbench';
import { OWNER } from './workbench-settings';

/** Events arrive over HTTPS, Pub/Sub itself writes each as a row of a BigQuery table, and one person explores them in notebooks. */
export class GcpWorkbench extends GcpPlatform {
  constructor(scope: Construct, id: string, props: GcpPlatformProps = {}) {
    super(scope, id, props);
    const { site, removal, notify } = this;

    const store = new BigQueryRawStore(this, 'Store', { site, removal });
    const buffer = new PubSubBuffer(this, 'Buffer', { site, removal, notify });
    const connect = new PubSubEntry(this, 'Connect', { sink: buffer, publishers: this.askForPublishers() });
    buffer.deliverInto(store, 'raw');
    const { instance, readSetting } = new Workbench(this, 'Processing', {
      site,
      owner: ask(this, 'owner', OWNER, { description: 'The email of the person who uses the notebooks.' }),
      network: this.askForNetwork(),
      inputs: { EVENTS: store },
      removal,
    });

    this.output({
      events_url: [connect.url, 'Send events here, with a Google access token.'],
      send_command: [connect.curl, 'Sends one event. You must be one of the publishers to run it.'],
      notebook_url: [`https://${instance.proxyUri}`, 'JupyterLab. Only the owner can open it.'],
      start_command: [
        `gcloud workbench instances start ${instance.name} --location ${instance.location} --project ${site.project}`,
        'Starts the notebooks after an idle shutdown. You must be the owner to run it.',
      ],
      table_command: [
        readSetting('EVENTS_TABLE'),
        'Shows the name of the view to query, in a cell of a notebook after an exclamation mark.',
      ],
      show_command: [
        `bq query --project_id=${site.project} --use_legacy_sql=false 'SELECT * FROM \`${store.viewName}\` WHERE publish_day >= "2026-01-01" LIMIT 10'`,
        'Shows what was stored. You need the roles BigQuery Data Viewer and BigQuery Job User to run it.',
      ],
      dead_letters_command: [
        `gcloud pubsub subscriptions pull ${buffer.deadLetter.subscription.id} --limit=10`,
        'Shows what could not be stored, without deleting it. You need the role Pub/Sub Subscriber to run it.',
      ],
    });
  }
}
