import type { Construct } from 'constructs';
import { ask } from '../../../shared/synth/ask';
import { packageHandler } from '../../../shared/synth/handler-package';
import { PubSubBuffer } from '../../connect/pub-sub/pub-sub-buffer';
import { PubSubEntry } from '../../connect/pub-sub/pub-sub-entry';
import { GcpPlatform, type GcpPlatformProps } from '../../foundation/platform';
import { MEMBER, Principal } from '../../foundation/principal';
import { CloudRunProcessor } from '../../processing/cloud-run/cloud-run-processor';
import { CloudStorageStore } from '../../store/cloud-storage/cloud-storage-store';
import { ArtifactRegistry } from '../artifact-registry/artifact-registry';
import { ContainerSecurity } from './container-security';

/** Events arrive over HTTPS, are buffered by Pub/Sub, processed by a container on Cloud Run, and stored in a bucket. Its image comes from Artifact Registry, and Binary Authorization checks that the build has signed it. */
export class GcpContainerSecurity extends GcpPlatform {
  constructor(scope: Construct, id: string, props: GcpPlatformProps = {}) {
    super(scope, id, props);
    const { site, removal, notify } = this;

    const images = new ArtifactRegistry(this, 'Containerization', { site, removal });
    const security = new ContainerSecurity(this, 'ContainerizationSecurity', { site, removal, notify });
    const member = ask(this, 'image_builder', MEMBER, { description: 'Who builds, pushes and signs images, such as serviceAccount:...' });
    const builder = new Principal(this, 'Builder', { member });
    images.bindPusher(builder, 'IMAGES');
    security.bindSigner(builder, 'IMAGES');
    const image = images.image('processor', this.askForDigest('processor'));

    const store = new CloudStorageStore(this, 'Store', { site, removal });
    const buffer = new PubSubBuffer(this, 'Buffer', { site, removal, notify });
    const connect = new PubSubEntry(this, 'Connect', { sink: buffer, publishers: this.askForPublishers() });
    const code = packageHandler('gcp/handlers/pub-sub-to-cloud-storage');
    const stores = { STORE: store };
    const processor = new CloudRunProcessor(this, 'Processing', {
      ...{ site, image, code, source: buffer, stores, notify },
      binaryAuthorization: security,
    });

    this.output({
      push_to: [images.repositoryUri, 'Push images here, with the commit as their tag. You must be the builder.'],
      build_command: [processor.buildCommand!, 'Builds the image, in the folder of this stack. Shows its digest.'],
      sign_command: [security.signCommand(image), 'Signs the image of the processor. You must be the builder to run it.'],
      events_url: [connect.url, 'Send events here, with a Google access token.'],
      show_command: [
        `gcloud storage ls --recursive gs://${store.bucketName}/${store.prefix}`,
        'Shows what was stored. You need the role Storage Object Viewer to run it.',
      ],
    });
  }
}
