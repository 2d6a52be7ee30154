import type { Construct } from 'constructs';
import { ask } from '../../../shared/synth/ask';
import { packageHandler } from '../../../shared/synth/handler-package';
import { EventHubBuffer } from '../../connect/event-hub/event-hub-buffer';
import { EventHubEntry } from '../../connect/event-hub/event-hub-entry';
import { AzurePlatform, type AzurePlatformProps } from '../../foundation/platform';
import { PRINCIPAL_ID, Principal } from '../../foundation/principal';
import { FunctionProcessor } from '../../processing/functions/function-processor';
import { BlobStore } from '../../store/blob/blob-store';
import { ContainerRegistry } from './container-registry';

/** Events are buffered by Event Hubs, and stored in Blob Storage by Functions. A build pushes the images of what reads the store to a private Container Registry. */
export class AzureContainerRegistry extends AzurePlatform {
  constructor(scope: Construct, id: string, props: AzurePlatformProps = {}) {
    super(scope, id, props);
    const { site, removal, notify } = this;

    const store = new BlobStore(this, 'Store', { site, removal, notify });
    const buffer = new EventHubBuffer(this, 'Buffer', { site, removal, notify });
    const connect = new EventHubEntry(this, 'Connect', { sink: buffer, senders: this.askForSenders() });
    new FunctionProcessor(this, 'Processing', {
      site,
      code: packageHandler('azure/handlers/event-hubs-to-blob'),
      source: buffer,
      stores: { STORE: store },
      deadLetter: store.deadLetter,
      notify,
    });
    const images = new ContainerRegistry(this, 'Containerization', { site, removal, notify });
    const principalId = ask(this, 'builder', PRINCIPAL_ID, {
      description: 'The object id of the service principal or the managed identity that builds and pushes images.',
    });
    images.bindPusher(new Principal(this, 'Builder', { principalId }), 'IMAGES');

    this.output({
      events_url: [connect.url, 'Send events here, with a Microsoft Entra token.'],
      push_to: [images.loginServer, 'Push images here, with the commit as their tag.'],
      sign_in_command: [`az acr login --name ${images.registry!.name}`, 'Signs Docker in. You must be the builder to push.'],
    });
  }
}
