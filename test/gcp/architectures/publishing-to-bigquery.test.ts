import { readFileSync } from 'node:fs';
import path from 'node:path';
import { App } from 'cdktf';
import { costsOfStack } from '../../../bin/cost';
import { GcpPublishingToBigQuery } from '../../../gcp/architectures/publishing-to-bigquery';
import { TfStack } from '../../../shared/read/tf';
import type { TerraformJson } from '../../support/cdktf';
import { temporaryFolder } from '../../support/folder';

const outdir = temporaryFolder();
const app = new App({ outdir });
new GcpPublishingToBigQuery(app, 'publishing');
app.synth();
const json: TerraformJson = JSON.parse(readFileSync(path.join(outdir, 'stacks/publishing/cdk.tf.json'), 'utf8'));
const all = (type: string): any[] => Object.values(json.resource![type]!);
const [workflow] = all('google_workflows_workflow');
const [job] = all('google_cloud_run_v2_job');
const source: string = workflow.source_contents;
const holders = (role: string) =>
  all('google_bigquery_table_iam_member')
    .filter((grant) => grant.role === role)
    .map(({ member, table_id }) => [
      member.includes(workflow.service_account) ? 'workflow' : member.includes('Connect') ? 'job' : 'reader',
      /google_bigquery_table\.(\w+)\./.exec(table_id)![1],
    ])
    .sort();

test('every three hours the job pulls, and then the query publishes', () => {
  const [pull, publish] = [source.search(/"Pull"/), source.search(/"Publish"/)];
  expect(pull).toBeGreaterThan(0);
  expect(publish).toBeGreaterThan(pull);
  expect(all('google_cloud_scheduler_job').map(({ schedule }) => schedule)).toEqual(['0 */3 * * *']);
});

test('the query reads the view of the staging table, and replaces the published one', () => {
  const of = (start: string) =>
    [...source.matchAll(new RegExp(`${start} \`[^\`]*google_bigquery_table\\.(\\w+)\\.`, 'g'))].map(([, name]) => name);
  expect(of('MERGE')).toEqual(['published_events']);
  expect(new Set(of('FROM'))).toEqual(new Set(['staging_unique_events', 'published_events']));
});

test('the job adds to the staging table and to nothing else, and only the workflow changes what is published', () =>
  expect(holders('roles/bigquery.dataEditor')).toEqual([
    ['job', 'staging_events'],
    ['workflow', 'published_events'],
  ]));

test('readers see the view, and no table: neither what is pulled, nor fields without a column', () => {
  expect(holders('roles/bigquery.dataViewer')).toEqual([
    ['reader', 'shared_events'],
    ['workflow', 'staging_events'],
    ['workflow', 'staging_unique_events'],
  ]);
  const { view } = all('google_bigquery_table').find(({ table_id, dataset_id }) => table_id === 'events' && dataset_id.includes('shared'));
  expect(view.query.split('\n')[0]).not.toMatch(/\brest\b|message_id/);
});

test('a dashboard needs no filter: the view has one on the day', () => {
  const { view } = all('google_bigquery_table').find(({ dataset_id, view }) => view && dataset_id.includes('shared'));
  expect(view.query).toMatch(/\nWHERE event_time >= TIMESTAMP\('2020-01-01'\)$/);
});

test('the time limits are in order: the job with its retry, and then the workflow', () => {
  const { timeout, max_retries } = job.template.template;
  const seconds = Number.parseInt(timeout, 10) * (max_retries + 1);
  const { seconds: waits } = JSON.parse(source).main.steps[0].Pull.args;
  expect([seconds, waits]).toEqual([1200, 1800]);
});

test('the token is read from a secret of this platform in Secret Manager, and is neither in the template nor in the state', () => {
  const token = job.template.template.containers[0].env.find(({ name }: { name: string }) => name === 'PULL_TOKEN');
  expect(token).toEqual({
    name: 'PULL_TOKEN',
    value_source: { secret_key_ref: { secret: '${var.prefix}-publishing-token', version: 'latest' } },
  });
  expect(all('google_secret_manager_secret_iam_member').map(({ secret_id }) => secret_id)).toEqual(['${var.prefix}-publishing-token']);
});

test('the image is built from the handler of this stack', () => {
  expect(json.output!.build_command!.value).toMatch(/^gcloud builds submit assets\/Connect_Code_\w+\/\w+\/\w+\.zip --pack image=/);
  expect(job.annotations).toMatchObject({ outputs: 'STAGING', 'handler-sha256': expect.stringMatching(/^[0-9a-f]{64}$/) });
});

test('an alert fires when a run fails, and another when what is published is older than four hours', () => {
  const alerts = all('google_monitoring_alert_policy').filter(({ conditions }) => JSON.stringify(conditions).includes('workflows'));
  const thresholds = alerts.flatMap(({ conditions }) => conditions[0].condition_threshold ?? []);
  expect(thresholds.map(({ filter }) => /status = "(\w+)"/.exec(filter)![1])).toEqual(['FAILED']);
  const absences = alerts.flatMap(({ conditions }) => conditions[0].condition_absent ?? []);
  expect(absences.map(({ filter, duration }) => [/status = "(\w+)"/.exec(filter)![1], duration])).toEqual([
    ['SUCCEEDED', `${3 * 3600 + 2 * 1800 + 300}s`],
  ]);
});

test('its cost without events is that of its alerts, its schedule, and the time of the job', () => {
  const { lines } = costsOfStack('publishing', 'gcp', new TfStack(json), { events: 0, size: 1000 });
  expect(lines.map(({ what }) => what)).toEqual(expect.arrayContaining(['vCPU time, 10 minutes for each task']));
});
