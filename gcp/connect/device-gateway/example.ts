import type { Construct } from 'constructs';
import { packageHandler } from '../../../shared/synth/handler-package';
import { GcpPlatform, type GcpPlatformProps } from '../../foundation/platform';
import { CloudFunctionProcessor } from '../../processing/cloud-functions/cloud-function-processor';
import { BigQueryStore } from '../../store/bigquery/bigquery-store';
import { CloudStorageStore } from '../../store/cloud-storage/cloud-storage-store';
import { PubSubBuffer } from '../pub-sub/pub-sub-buffer';
import { DeviceGateway } from './device-gateway';

/** Devices sign in with keys of their own and send events over HTTPS, which are buffered by Pub/Sub, processed by Cloud Functions, and stored as rows of a BigQuery table. */
export class GcpDeviceGateway extends GcpPlatform {
  constructor(scope: Construct, id: string, props: GcpPlatformProps = {}) {
    super(scope, id, props);
    const { site, removal, notify } = this;
    const image = this.askForImage('gateway');

    const store = new BigQueryStore(this, 'Store', { site, removal });
    const buffer = new PubSubBuffer(this, 'Buffer', { site, removal, notify });
    const registry = new CloudStorageStore(this, 'ConnectDevices', { site, name: 'devices', prefix: 'devices/', removal });
    const code = packageHandler('gcp/handlers/device-https-to-pub-sub');
    const connect = new DeviceGateway(this, 'Connect', { site, sink: buffer, registry, code, image, notify });
    new CloudFunctionProcessor(this, 'Processing', {
      site,
      code: packageHandler('gcp/handlers/pub-sub-to-bigquery'),
      source: buffer,
      stores: { STORE: store },
      notify,
    });

    const rows = `SELECT * FROM \`${store.viewName}\` WHERE event_time >= TIMESTAMP("2026-01-01") LIMIT 10`;
    this.output({
      build_command: [connect.buildCommand, 'Builds the image, in the folder of this stack and before the apply. Shows its digest.'],
      register_command: [connect.registerCommand, 'Registers a device. You need the role Storage Object Creator to run it.'],
      events_url: [connect.url, 'Devices send events here.'],
      audience: [connect.audience, 'The aud of the tokens of devices.'],
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
