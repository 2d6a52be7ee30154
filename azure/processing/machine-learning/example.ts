import type { Construct } from 'constructs';
import { ask } from '../../../shared/synth/ask';
import { packageHandler } from '../../../shared/synth/handler-package';
import { EventHubBuffer } from '../../connect/event-hub/event-hub-buffer';
import { EventHubEntry } from '../../connect/event-hub/event-hub-entry';
import { AzurePlatform, type AzurePlatformProps } from '../../foundation/platform';
import { PRINCIPAL_ID, Principal } from '../../foundation/principal';
import { listCommand } from '../../foundation/storage/list-command';
import { DataLakeStore } from '../../store/data-lake/data-lake-store';
import { FunctionProcessor } from '../functions/function-processor';
import { MachineLearningWorkspace } from './machine-learning-workspace';
import { REGISTRY_ID } from './workspace-rules';

/** Events are buffered by Event Hubs, and stored in a data lake by Functions. Jobs of Azure Machine Learning learn from them what is normal for each source, without keys. */
export class AzureMachineLearning extends AzurePlatform {
  constructor(scope: Construct, id: string, props: AzurePlatformProps = {}) {
    super(scope, id, props);
    const { site, removal, notify } = this;

    const lake = new DataLakeStore(this, 'Store', { site, removal, notify });
    const [raw, curated] = [lake.zone('raw'), lake.zone('curated')];
    const buffer = new EventHubBuffer(this, 'Buffer', { site, removal, notify });
    const connect = new EventHubEntry(this, 'Connect', { sink: buffer, senders: this.askForSenders() });
    new FunctionProcessor(this, 'Processing', {
      site,
      code: packageHandler('azure/handlers/event-hubs-to-blob'),
      source: buffer,
      stores: { STORE: raw },
      deadLetter: lake.deadLetter,
      notify,
    });
    const registryId = ask(this, 'registry_id', REGISTRY_ID, { description: 'The id of the registry of the images of jobs.' });
    const learning = new MachineLearningWorkspace(this, 'ProcessingJobs', {
      ...{ site, registryId, removal, notify },
      inputs: { SOURCE: raw },
      outputs: { TARGET: curated },
    });
    const principalId = ask(this, 'scientists', PRINCIPAL_ID, { description: 'The object id of the group that runs jobs.' });
    learning.bindUser(new Principal(this, 'Scientists', { principalId, principalType: 'Group' }), 'JOBS');

    this.output({
      events_url: [connect.url, 'Send events here, with a Microsoft Entra token.'],
      send_command: [connect.curl, 'Sends one event. You must be one of the senders to run it.'],
      job_command: [
        learning.jobCommand('azure/runtime/machine-learning/baseline/job.yml'),
        'Runs the job. You must be one of the scientists, with the extension ml of the Azure CLI.',
      ],
      show_command: [
        listCommand(lake.accountName, curated.container.name),
        'Lists the results. You need the role Storage Blob Data Reader to run it.',
      ],
    });
  }
}
