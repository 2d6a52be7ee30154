// docs:start
import { App, TerraformStack } from 'cdktf';
import { EventHubBuffer } from '../../azure/connect/event-hub/event-hub-buffer';
import { AzureProvider } from '../../azure/foundation/provider';
import { AzureSite } from '../../azure/foundation/site';
import { BlobStore } from '../../azure/store/blob/blob-store';

const app = new App();
const stack = new TerraformStack(app, 'presses');
new AzureProvider(stack, 'Azure');

const site = new AzureSite(stack, 'Site', { prefix: 'acme', location: 'swedencentral' });
new BlobStore(stack, 'Store', { site, undeleteWindowDays: 60 });
new EventHubBuffer(stack, 'Buffer', { site, retentionDays: 2 });
// docs:end
app.synth();
