import type { Construct } from 'constructs';
import { ask } from '../../../shared/synth/ask';
import { PubSubBuffer } from '../../connect/pub-sub/pub-sub-buffer';
import { PubSubEntry } from '../../connect/pub-sub/pub-sub-entry';
import { GcpPlatform, type GcpPlatformProps } from '../../foundation/platform';
import { BigQueryRawStore } from '../../store/bigquery/bigquery-raw-store';
import { SharedView } from '../shared-view/shared-view';
import { LookerInstance } from './looker-instance';
import { CLIENT_ID, CLIENT_SECRET, DOMAIN } from './looker-settings';

/** Events arrive over HTTPS, Pub/Sub itself writes each as a row of a BigQuery table, and an instance of Looker reads a view of them, for 5,000 dollars a month. */
export class GcpLooker extends GcpPlatform {
  constructor(scope: Construct, id: string, props: GcpPlatformProps = {}) {
    super(scope, id, props);
    const { site, removal, notify } = this;

    const store = new BigQueryRawStore(this, 'Store', { site, removal });
    const buffer = new PubSubBuffer(this, 'Buffer', { site, removal, notify });
    const connect = new PubSubEntry(this, 'Connect', { sink: buffer, publishers: this.askForPublishers() });
    buffer.deliverInto(store, 'raw');
    const view = new SharedView(this, 'VisualizeView', { site, store, removal });
    const looker = new LookerInstance(this, 'Visualize', {
      site,
      views: { EVENTS: view },
      edition: 'STANDARD',
      oauthClient: {
        clientId: ask(this, 'oauth_client_id', CLIENT_ID, { description: 'The id of the OAuth client of Looker.', sensitive: true }),
        clientSecret: ask(this, 'oauth_client_secret', CLIENT_SECRET, { description: 'Its secret.', sensitive: true }),
      },
      emailDomains: [ask(this, 'email_domain', DOMAIN, { description: 'The domain of email addresses that content may be sent to.' })],
      removal,
    });

    this.output({
      events_url: [connect.url, 'Send events here, with a Google access token.'],
      send_command: [connect.curl, 'Sends one event. You must be one of the publishers to run it.'],
      looker_url: [looker.url, 'Sign in here. Add this address with /oauth2callback at its end to the OAuth client first.'],
      shared_view: [view.viewName, 'The view for the connection in Looker, with Application Default Credentials.'],
      dead_letters_command: [
        `gcloud pubsub subscriptions pull ${buffer.deadLetter.subscription.id} --limit=10`,
        'Shows what could not be stored, without deleting it. You need the role Pub/Sub Subscriber to run it.',
      ],
    });
  }
}
