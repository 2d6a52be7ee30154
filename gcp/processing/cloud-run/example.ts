import type { Construct } from 'constructs';
import { packageHandler } from '../../../shared/synth/handler-package';
import { PubSubBuffer } from '../../connect/pub-sub/pub-sub-buffer';
import { PubSubEntry } from '../../connect/pub-sub/pub-sub-entry';
import { GcpPlatform, type GcpPlatformProps } from '../../foundation/platform';
import { CloudStorageStore } from '../../store/cloud-storage/cloud-storage-store';
import { CloudRunJob } from './cloud-run-job';
import { CloudRunProcessor } from './cloud-run-processor';

/** Events arrive over HTTPS, are buffered by Pub/Sub, processed by a container on Cloud Run, and stored in a bucket, from which a job writes reports each hour. */
export class GcpCloudRun extends GcpPlatform {
  constructor(scope: Construct, id: string, props: GcpPlatformProps = {}) {
    super(scope, id, props);
    const { site, removal, notify } = this;

    const store = new CloudStorageStore(this, 'Store', { site, removal });
    const buffer = new PubSubBuffer(this, 'Buffer', { site, removal, notify });
    const connect = new PubSubEntry(this, 'Connect', { sink: buffer, publishers: this.askForPublishers() });
    const code = packageHandler('gcp/handlers/pub-sub-to-cloud-storage');
    const processor = new CloudRunProcessor(this, 'Processing', {
      site,
      image: this.askForImage('processor'),
      code,
      source: buffer,
      stores: { STORE: store },
      notify,
    });
    const report = new CloudRunJob(this, 'ProcessingReport', {
      site,
      name: 'report',
      image: this.askForImage('report'),
      inputs: { SOURCE: store },
      outputs: { TARGET: new CloudStorageStore(this, 'StoreReports', { site, name: 'reports', prefix: 'reports/', removal }) },
      schedule: { cron: '0 * * * *' },
      notify,
    });

    this.output({
      build_command: [processor.buildCommand!, 'Builds the image, in the folder of this stack and before the apply. Shows its digest.'],
      report_command: [
        `gcloud run jobs execute ${report.job.name} --region ${site.region} --project ${site.project}`,
        'Writes a report now.',
      ],
      events_url: [connect.url, 'Send events here, with a Google access token.'],
      send_command: [connect.curl, 'Sends one event. You must be one of the publishers to run it.'],
      show_command: [
        `gcloud storage ls --recursive gs://${store.bucketName}/${store.prefix}`,
        'Shows what was stored. You need the role Storage Object Viewer to run it.',
      ],
      dead_letters_command: [
        `gcloud pubsub subscriptions pull ${buffer.deadLetter.subscription.id} --limit=10`,
        'Shows what could not be processed, without deleting it. You need the role Pub/Sub Subscriber to run it.',
      ],
    });
  }
}
