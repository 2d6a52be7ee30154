import { GoogleProvider } from '@cdktf/provider-google/lib/provider';
import { TimeProvider } from '@cdktf/provider-time/lib/provider';
import type { ITerraformDependable, TerraformStack } from 'cdktf';
import { Construct } from 'constructs';
import type { FunctionWorkload, Workload } from '../../gcp/ports/identity';
import type { Site } from '../../gcp/ports/site';
import { synthesize as synthesizeStack } from '../support/cdktf';

/** A place whose names are known, so that they can be read in a snapshot. */
export const site: Site = {
  project: 'acme-data',
  region: 'europe-west1',
  prefix: 'acme',
  pubSubAgent: 'serviceAccount:service-1@gcp-sa-pubsub.iam.gserviceaccount.com',
  agentOf: (service) => `serviceAccount:service-1@gcp-sa-${service}.iam.gserviceaccount.com`,
  waitFor: [{ fqn: 'time_sleep.site' }],
};

/** A notification channel that hears alerts. */
export const onCall = 'projects/acme-data/notificationChannels/1';

/** A key of the user. */
export const key = 'projects/acme-data/locations/europe-west1/keyRings/ring/cryptoKeys/key';

/** Somebody who reads or writes. */
export class Somebody extends Construct implements Workload {
  readonly name = this.node.id.toLowerCase();
  readonly member = `serviceAccount:${this.node.id.toLowerCase()}@acme-data.iam.gserviceaccount.com`;
}

/** A function that stands for any target. */
export class Target extends Construct implements FunctionWorkload {
  readonly name = this.node.id.toLowerCase();
  readonly member = 'serviceAccount:target@acme-data.iam.gserviceaccount.com';
  readonly url = 'https://target.run.app';
  readonly invokerEmail = 'invoker@acme-data.iam.gserviceaccount.com';
  readonly invocable: readonly ITerraformDependable[] = [{ fqn: 'google_cloud_run_v2_service_iam_member.target' }];

  constructor(
    scope: Construct,
    id: string,
    readonly timeoutSeconds = 60,
  ) {
    super(scope, id);
  }
}

/** The resources of a synthesized stack as a reviewer reads them: without the notes that cdktf makes for itself. */
export function readable(resources: unknown): unknown {
  return JSON.parse(JSON.stringify(resources, (name, value) => (name === '//' ? undefined : value)));
}

/** Synthesize a stack on GCP. */
export function synthesize<Built>(build: (stack: TerraformStack) => Built, context: Record<string, unknown> = {}) {
  return synthesizeStack((stack) => {
    new GoogleProvider(stack, 'Google', {});
    new TimeProvider(stack, 'Time');
    return build(stack);
  }, context);
}
