import type { Construct } from 'constructs';
import { packageHandler } from '../../../shared/synth/handler-package';
import { PubSubBuffer } from '../../connect/pub-sub/pub-sub-buffer';
import { PubSubEntry } from '../../connect/pub-sub/pub-sub-entry';
import { GcpPlatform, type GcpPlatformProps } from '../../foundation/platform';
import { CloudFunctionProcessor } from '../../processing/cloud-functions/cloud-function-processor';
import { CloudStorageStore } from './cloud-storage-store';

/** Events arrive over HTTPS, are buffered by Pub/Sub, and are stored in a bucket twice: unchanged, without code, and transformed. Each object that is made of transformed events is an event itself, and a line in a log of objects. */
export class GcpCloudStorage extends GcpPlatform {
  constructor(scope: Construct, id: string, props: GcpPlatformProps = {}) {
    super(scope, id, props);
    const { site, removal, notify } = this;

    const store = new CloudStorageStore(this, 'Store', { site, removal });
    const log = new CloudStorageStore(this, 'StoreLog', { site, name: 'log', removal });
    const buffer = new PubSubBuffer(this, 'Buffer', { site, removal, notify });
    const connect = new PubSubEntry(this, 'Connect', { sink: buffer, publishers: this.askForPublishers() });
    const created = new PubSubBuffer(this, 'BufferCreated', { site, name: 'created', removal, notify });
    const code = packageHandler('gcp/handlers/pub-sub-to-cloud-storage');
    buffer.deliverInto(store, 'archive');
    store.deliverCreated(created);
    new CloudFunctionProcessor(this, 'Processing', { site, code, source: buffer, stores: { STORE: store }, notify });
    new CloudFunctionProcessor(this, 'ProcessingCreated', {
      site,
      name: 'index',
      code,
      source: created,
      stores: { STORE: log },
      notify,
    });

    this.output({
      events_url: [connect.url, 'Send events here, with a Google access token.'],
      send_command: [connect.curl, 'Sends one event. You must be one of the publishers to run it.'],
      show_command: [
        `gcloud storage ls --recursive gs://${store.bucketName}`,
        'Shows what was stored: below raw/ unchanged, after five minutes. You need the role Storage Object Viewer to run it.',
      ],
      dead_letters_command: [
        `gcloud pubsub subscriptions pull ${buffer.deadLetter.subscription.id} --limit=10`,
        'Shows what could not be processed, without deleting it. You need the role Pub/Sub Subscriber to run it.',
      ],
    });
  }
}
