import { readFileSync } from 'node:fs';
import path from 'node:path';
import { App } from 'cdktf';
import { GcpWorkerPool } from '../../../../gcp/architectures/worker-pool';
import { holdPromises } from '../../../../scripts/judges/promises';
import { factsOf } from '../../../../shared/read/facts/find';
import { renderFlow } from '../../../../shared/read/picture';
import { readTerraform } from '../../../../shared/read/terraform';
import { TfStack } from '../../../../shared/read/tf';
import { temporaryFolder } from '../../../support/folder';

const outdir = temporaryFolder();
const app = new App({ outdir });
new GcpWorkerPool(app, 'pool');
app.synth();
const text = readFileSync(path.join(outdir, 'stacks/pool/cdk.tf.json'), 'utf8');
/** The stack, after a change of the subscription that the worker pool reads, and of the outputs. */
const changed = (change: (subscription: any, output: any) => void) => {
  const json = JSON.parse(text);
  change(json.resource.google_pubsub_subscription.events_to_worker, json.output);
  return new TfStack(json);
};

test('the flow says whether events are pulled in order, and which of them', () => {
  const flowOf = (change: Parameters<typeof changed>[0]) => renderFlow(readTerraform(changed(change).json).flow);
  expect(flowOf(() => {})).toMatch(/^Buffer +-- pull, 9 retries, 10s to 600s apart +--> {2}Processing /m);
  const asked = { enable_message_ordering: true, filter: 'attributes:type' };
  expect(flowOf((one) => Object.assign(one, asked))).toMatch(
    /^Buffer +-- pull, in order of each key, only attributes:type, 9 retries, 10s to 600s apart +--> {2}Processing /m,
  );
});

test('senders that set a key need a worker pool that keeps order', () => {
  const findingsOf = (isOrdered: boolean) =>
    holdPromises(
      changed((one, output) => {
        output.send_command.value = `{"orderingKey":"press-7"} \${google_pubsub_topic.events.id}`;
        if (isOrdered) one.enable_message_ordering = true;
      }),
      factsOf('gcp'),
    ).findings.map(({ rule }) => rule);
  expect(findingsOf(false)).toEqual(['order']);
  expect(findingsOf(true)).toEqual([]);
});
