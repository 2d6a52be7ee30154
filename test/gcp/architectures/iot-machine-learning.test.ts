import { readFileSync } from 'node:fs';
import path from 'node:path';
import { App } from 'cdktf';
import { costsOfStack } from '../../../bin/cost';
import { GcpIotMachineLearning } from '../../../gcp/architectures/iot-machine-learning';
import { TfStack } from '../../../shared/read/tf';
import type { TerraformJson } from '../../support/cdktf';
import { temporaryFolder } from '../../support/folder';

const outdir = temporaryFolder();
const app = new App({ outdir });
new GcpIotMachineLearning(app, 'iot');
app.synth();
const json: TerraformJson = JSON.parse(readFileSync(path.join(outdir, 'stacks/iot/cdk.tf.json'), 'utf8'));
const all = (type: string): any[] => Object.values(json.resource![type]!);
const [workflow] = all('google_workflows_workflow');
const source: string = workflow.source_contents;
const isOfWorkflow = ({ member }: { member: string }) => member === `serviceAccount:${workflow.service_account}`;
const grants = all('google_bigquery_table_iam_member').filter(isOfWorkflow);
const tablesWith = (role: string) =>
  grants
    .filter((grant) => grant.role === role)
    .map(({ table_id }) => /google_bigquery_table\.(\w+)\./.exec(table_id)![1])
    .sort();

test('a night learns first and scores then, once', () => {
  expect(source.match(/MERGE `/g)).toHaveLength(2);
  const [learn, score] = ['google_bigquery_table.baselines_events', 'google_bigquery_table.outliers_events'].map((table) =>
    source.search(new RegExp(`MERGE \`[^\`]*${table.replaceAll('.', '\\.')}\\.`)),
  );
  expect(learn).toBeGreaterThan(0);
  expect(score).toBeGreaterThan(learn!);
  expect(all('google_cloud_scheduler_job').map(({ schedule }) => schedule)).toEqual(['0 3 * * *']);
});

test('both queries look at the same number, and count each event once', () => {
  expect(source.match(/SAFE_CAST\(JSON_VALUE\(data, '\$\.value'\) AS FLOAT64\)/g)).toHaveLength(2);
  expect(source.match(/FROM `[^`]*google_bigquery_table\.measurements_unique_events\./g)).toHaveLength(2);
  expect(source.match(/FROM `[^`]*google_bigquery_table\.baselines_unique_events\./g)).toHaveLength(1);
});

test('the workflow changes no measurement, and has one role on each table', () => {
  expect(tablesWith('roles/bigquery.dataEditor')).toEqual(['baselines_events', 'outliers_events']);
  expect(tablesWith('roles/bigquery.dataViewer')).toEqual(['baselines_unique_events', 'measurements_events', 'measurements_unique_events']);
});

test('what the function writes is not what the workflow writes', () => {
  const written = all('google_bigquery_table_iam_member').filter(
    (grant) => grant.role === 'roles/bigquery.dataEditor' && !isOfWorkflow(grant),
  );
  expect(written.map(({ table_id }) => table_id)).toEqual(['${google_bigquery_table.measurements_events.id}']);
});

test('a night that fails opens an incident', () => {
  const alerts = all('google_monitoring_alert_policy').filter(({ conditions }) => JSON.stringify(conditions).includes('workflows'));
  expect(alerts).toHaveLength(1);
  const [{ condition_threshold: threshold }] = alerts[0].conditions;
  expect(threshold.filter).toContain('metric.labels.status = "FAILED"');
  expect(threshold.threshold_value ?? 0).toBe(0);
});

test('its cost has the days that each query reads', () => {
  const { lines } = costsOfStack('iot', 'gcp', new TfStack(json), { events: 1000, size: 1000 });
  const read = lines.filter(({ what }) => what.startsWith('bytes that its queries read'));
  expect(read.map(({ what }) => /(\d+) days/.exec(what)![1]).sort()).toEqual(['29', '3']);
});
