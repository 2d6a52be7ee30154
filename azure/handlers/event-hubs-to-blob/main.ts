import { app, trigger } from '@azure/functions';
import { ManagedIdentityCredential } from '@azure/identity';
import { ContainerClient } from '@azure/storage-blob';
import { setting } from '../../../shared/runtime/setting';
import { transform } from '../../../shared/runtime/transform';
import { eventHubsToBlob } from './handler';

const credential = new ManagedIdentityCredential({ clientId: setting('AZURE_CLIENT_ID') });
const store = containerOf('STORE', 'application/x-ndjson');
const deadLetters = containerOf('DEAD_LETTER', 'application/json');

// Not app.eventHub: it cannot ask for bytes, and the host would parse each event, Azure/azure-functions-nodejs-library#72.
app.generic('process', {
  trigger: trigger.generic({
    type: 'eventHubTrigger',
    connection: 'EVENTS',
    eventHubName: '%EVENTS_HUB%',
    consumerGroup: '%EVENTS_CONSUMER_GROUP%',
    cardinality: 'many',
    dataType: 'binary',
  }),
  // Five retries last about ten minutes. The storage client has tried for some seconds already before each of them.
  retry: {
    strategy: 'exponentialBackoff',
    maxRetryCount: Number(setting('EVENTS_MAX_RETRIES')),
    minimumInterval: { seconds: 30 },
    maximumInterval: { minutes: 15 },
  },
  handler: eventHubsToBlob({
    transform,
    consumerGroup: setting('EVENTS_CONSUMER_GROUP'),
    putObject: store,
    putDeadLetter: deadLetters,
  }),
});

/**
 * Write blobs into the container that the settings of a binding name. The signal ends a write: the client's own
 * `tryTimeoutInMs` is a wish to the server, and does nothing where no answer comes.
 */
function containerOf(name: string, blobContentType: string) {
  const container = new ContainerClient(`${setting(`${name}_ENDPOINT`)}${setting(`${name}_CONTAINER`)}`, credential);
  return async (blob: string, body: string, abortSignal: AbortSignal) => {
    const options = { blobHTTPHeaders: { blobContentType }, abortSignal };
    await container.getBlockBlobClient(blob).upload(body, Buffer.byteLength(body), options);
  };
}
