import type { Construct } from 'constructs';
import { packageHandler } from '../../../shared/synth/handler-package';
import { PubSubBuffer } from '../../connect/pub-sub/pub-sub-buffer';
import { PubSubEntry } from '../../connect/pub-sub/pub-sub-entry';
import { GcpPlatform, type GcpPlatformProps } from '../../foundation/platform';
import { CloudFunctionProcessor } from '../../processing/cloud-functions/cloud-function-processor';
import { SpannerStore } from './spanner-store';

/**
 * Events arrive over HTTPS, are buffered by Pub/Sub, processed by Cloud Functions, and stored as rows of a Spanner database, which
 * costs about 66 USD a month also without events.
 */
export class GcpSpanner extends GcpPlatform {
  constructor(scope: Construct, id: string, props: GcpPlatformProps = {}) {
    super(scope, id, props);
    const { site, removal, notify } = this;

    const store = new SpannerStore(this, 'Store', { site, removal, notify });
    const buffer = new PubSubBuffer(this, 'Buffer', { site, removal, notify });
    const connect = new PubSubEntry(this, 'Connect', { sink: buffer, publishers: this.askForPublishers() });
    new CloudFunctionProcessor(this, 'Processing', {
      site,
      code: packageHandler('gcp/handlers/pub-sub-to-spanner'),
      source: buffer,
      stores: { STORE: store },
      notify,
    });

    const database = `${store.databaseId} --project=${site.project} --instance=${store.instanceId}`;
    this.output({
      events_url: [connect.url, 'Send events here, with a Google access token.'],
      send_command: [connect.curl, 'Sends one event. You must be one of the publishers to run it.'],
      show_command: [
        `gcloud spanner databases execute-sql ${database} --sql='SELECT * FROM events ORDER BY event_time DESC LIMIT 10'`,
        'Shows what was stored. You need the role Cloud Spanner Database Reader to run it.',
      ],
      dead_letters_command: [
        `gcloud pubsub subscriptions pull ${buffer.deadLetter.subscription.id} --limit=10`,
        'Shows what could not be processed, without deleting it. You need the role Pub/Sub Subscriber to run it.',
      ],
    });
  }
}
