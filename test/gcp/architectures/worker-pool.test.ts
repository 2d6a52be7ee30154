import { readFileSync } from 'node:fs';
import path from 'node:path';
import { App } from 'cdktf';
import { GcpWorkerPool } from '../../../gcp/architectures/worker-pool';
import type { TerraformJson } from '../../support/cdktf';
import { temporaryFolder } from '../../support/folder';

const outdir = temporaryFolder();
const app = new App({ outdir });
new GcpWorkerPool(app, 'worker-pool');
app.synth();
const json: TerraformJson = JSON.parse(readFileSync(path.join(outdir, 'stacks/worker-pool/cdk.tf.json'), 'utf8'));
const all = (type: string): any[] => Object.values(json.resource![type]!);

test('nobody calls the workers: they pull, and the autoscaler alone is called, from inside the project', () => {
  expect(all('google_pubsub_subscription').filter(({ push_config }) => push_config)).toEqual([]);
  expect(all('google_cloud_run_v2_service').map(({ name, ingress }) => [name, ingress])).toEqual([
    ['${var.prefix}-worker-scaler', 'INGRESS_TRAFFIC_INTERNAL_ONLY'],
  ]);
  expect(all('google_cloud_run_v2_service_iam_member').map(({ member }) => member)).toEqual([
    expect.stringContaining('google_service_account.Processing_Scaler_Schedule_Account'),
  ]);
});

test('it has 1 to 5 instances', () => {
  const [{ parameter_data }] = all('google_parameter_manager_parameter_version');
  const [{ spec }] = JSON.parse(parameter_data).spec.scaledObjects;
  expect([spec.minReplicaCount, spec.maxReplicaCount]).toEqual([1, 5]);
});

test('both images are asked for by their digests', () =>
  expect(Object.keys(json.variable!)).toEqual(
    expect.arrayContaining(['worker_repository', 'worker_digest', 'autoscaler_repository', 'autoscaler_digest']),
  ));
