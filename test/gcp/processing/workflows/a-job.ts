import { PubsubTopicIamMember } from '@cdktf/provider-google/lib/pubsub-topic-iam-member';
import { Construct } from 'constructs';
import type { Workload } from '../../../../gcp/ports/identity';
import type { Job, RunRequest, StartRequest } from '../../../../gcp/ports/jobs';

/** A job of Cloud Run by its name, which takes one permission to start and another one to see. */
export class AJob extends Construct implements Job {
  constructor(
    scope: Construct,
    id: string,
    private readonly body?: string,
  ) {
    super(scope, id);
  }

  bindStart(starter: Workload): StartRequest {
    return {
      url: `https://run.googleapis.com/v2/projects/acme-data/jobs/${this.node.id}:run`,
      body: this.body,
      token: 'oauth',
      waitFor: [this.allow(starter, 'starts')],
    };
  }

  bindRun(starter: Workload): RunRequest {
    return {
      ...this.bindStart(starter),
      token: 'oauth',
      run: {
        name: ['metadata', 'name'],
        url: 'https://run.googleapis.com/v2/{run}',
        state: ['conditions'],
        condition: 'Completed',
        succeeded: 'CONDITION_SUCCEEDED',
        failed: ['CONDITION_FAILED'],
      },
      waitFor: [this.allow(starter, 'starts-it'), this.allow(starter, 'sees')],
    };
  }

  private allow({ member, node }: Workload, what: string) {
    const id = `${node.id}-${what}`;
    return new PubsubTopicIamMember(this, id, { topic: 'jobs', role: `roles/example.${what}`, member });
  }
}
