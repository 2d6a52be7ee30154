import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { App } from 'cdktf';
import { GcpPipeline } from '../../../gcp/architectures/pipeline';
import type { GcpPlatformProps } from '../../../gcp/foundation/platform';
import type { TerraformJson } from '../../support/cdktf';
import { temporaryFolder } from '../../support/folder';
import { onCall } from '../stand-ins';

/** The folder that Terraform would be run in. */
function synthesized(props?: GcpPlatformProps, context = {}): string {
  const outdir = temporaryFolder();
  const app = new App({ outdir, context });
  new GcpPipeline(app, 'gcp-pipeline', props);
  app.synth();
  return path.join(outdir, 'stacks/gcp-pipeline');
}

function synthesize(props?: GcpPlatformProps, context = {}): TerraformJson {
  return JSON.parse(readFileSync(path.join(synthesized(props, context), 'cdk.tf.json'), 'utf8'));
}

const json = synthesize();
const all = ({ resource }: TerraformJson, type: string) => Object.values(resource![type]!);

test('is the blueprint that is built where none is asked for', () => {
  const app = new App({ outdir: temporaryFolder() });
  new GcpPipeline(app, 'gcp-pipeline');
  expect(app.node.children.map(({ node }) => node.id)).toEqual(['gcp-pipeline']);
});

test('asks for a project and a prefix, and for nothing else', () => {
  const asked = Object.entries(json.variable as Record<string, { default?: unknown }>).filter(
    ([, { default: value }]) => value === undefined,
  );
  expect(asked.map(([name]) => name)).toEqual(['prefix', 'project_id']);
});

test('the rules of the variables are the rules of the site, and the public is never a publisher', () => {
  const conditions = Object.values(json.variable as Record<string, { validation: { condition: string }[] }>).map(
    ({ validation }) => validation[0]!.condition,
  );
  expect(conditions).toEqual([
    '${can(regex("^[a-z][a-z0-9]{1,10}$", var.prefix))}',
    '${can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))}',
    '${(length(setintersection(var.publishers, ["allUsers", "allAuthenticatedUsers"])) < 1)}',
    '${can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))}',
  ]);
});

test.each<[boolean, string[]]>([
  [true, []],
  [true, ['user:me@example.com']],
  [true, ['serviceAccount:press@acme-data.iam.gserviceaccount.com', 'principalSet://iam.googleapis.com/projects/1/x/*']],
  [false, ['me@example.com']],
  [false, ['user:']],
  [false, ['user:me@example.com', '']],
  [false, ['user:me@example.com, user:you@example.com']],
])('Terraform says %p to the publishers %j', (right, publishers) => {
  const { condition } = json.variable.publishers.validation[1];
  const [, pattern] = /^\$\{can\(regex\("(.+)", join\(",", var\.publishers\)\)\)\}$/.exec(condition)!;
  expect(new RegExp(pattern!).test(publishers.join(','))).toBe(right);
});

test('nobody is given a role on the whole project but the builder, and no role there is an admin', () => {
  expect(all(json, 'google_project_iam_member').every(({ member }) => member.includes('Processing_Builder_Account'))).toBe(true);
  const roles = Object.entries(json.resource!).flatMap(([type, made]) =>
    type.endsWith('_iam_member') ? Object.values(made).map(({ role }) => role) : [],
  );
  expect(
    roles.filter((role) =>
      /admin|owner|editor$|viewer$|serviceAgent|builds\.builder/.test(
        role.replace(/roles\/(bigquery\.dataEditor|storage\.objectViewer)/, ''),
      ),
    ),
  ).toEqual([]);
  expect(JSON.stringify(json.resource)).not.toMatch(/"allUsers"|"allAuthenticatedUsers"/);
});

test('each publisher gets a grant of its own on the topic', () => {
  const [grant] = all(json, 'google_pubsub_topic_iam_member').filter(({ for_each }) => for_each);
  expect(grant).toMatchObject({
    for_each: '${toset(var.publishers)}',
    member: '${each.value}',
    role: 'roles/pubsub.publisher',
    topic: expect.stringContaining('google_pubsub_topic.events.id'),
  });
});

test('Terraform refuses to destroy what holds data', () => {
  const kept = Object.entries(json.resource!).flatMap(([type, made]) =>
    Object.entries(made).flatMap(([id, { lifecycle }]) => (lifecycle?.prevent_destroy ? [`${type}.${id}`] : [])),
  );
  expect(kept.sort()).toEqual([
    'google_bigquery_dataset.events',
    'google_bigquery_table.events_events',
    'google_pubsub_subscription.events_dead_letter',
    'google_pubsub_subscription.events_to_func',
    'google_pubsub_topic.events',
    'google_pubsub_topic.events_dead_letter',
  ]);
});

test('with both keys everything goes', () => {
  const gone = synthesize({ removal: 'destroy' }, { destroyData: 'yes' });
  expect(JSON.stringify(gone)).not.toContain('prevent_destroy');
  expect(all(gone, 'google_bigquery_table').map(({ deletion_protection }) => deletion_protection)).toEqual([false, false]);
});

test('no alert tells anybody until somebody wants to hear them, and then each does', () => {
  const channels = (of: TerraformJson) =>
    all(of, 'google_monitoring_alert_policy').map(({ notification_channels }) => notification_channels);
  expect(channels(json)).toEqual([[], [], [], []]);
  expect(channels(synthesize({ notify: [onCall] }))).toEqual([[onCall], [onCall], [onCall], [onCall]]);
});

test('labels of the user are on every resource that takes some, those of alerts among them', () => {
  const labelled = synthesize({ labels: { team: 'data' } });
  expect(labelled.provider.google[0].default_labels).toEqual({ team: 'data', platform: 'gcp-pipeline' });
  for (const { user_labels } of all(labelled, 'google_monitoring_alert_policy')) {
    expect(user_labels).toEqual({ team: 'data', platform: 'gcp-pipeline' });
  }
});

test.each<[string, unknown, string]>([
  [
    'in capitals',
    { Team: 'data' },
    'labels must have keys of 1 to 63 lower-case letters, digits, underscores and hyphens, starting with a letter, got "Team". platform and keys that start with goog are reserved.',
  ],
  [
    'of the platform',
    { platform: 'x' },
    'labels must have keys of 1 to 63 lower-case letters, digits, underscores and hyphens, starting with a letter, got "platform". platform and keys that start with goog are reserved.',
  ],
  [
    'with a space',
    { team: 'my data' },
    'labels must have values of at most 63 lower-case letters, digits, underscores and hyphens, got "my data". Google accepts no other values.',
  ],
  ['as a list', ['team'], 'labels must be an object, got object. Write it like { team: "data" }.'],
])('refuses labels %s', (_, labels, message) =>
  expect(() => synthesize({ labels } as GcpPlatformProps)).toThrow(new Error(`gcp-pipeline: ${message}`)),
);

test('the outputs say how to send an event, how to see it, and where it is when it failed', () => {
  const outputs = json.output as Record<string, { value: string; description: string }>;
  expect(Object.keys(outputs).sort()).toEqual(['dead_letters_command', 'events_url', 'send_command', 'show_command']);
  expect(outputs.show_command!.value).toMatch(
    /^bq query --project_id=\S+ --use_legacy_sql=false 'SELECT \* FROM `\S+events_unique_events\S+` WHERE event_time >= TIMESTAMP\("2026-01-01"\) LIMIT 10'$/,
  );
});

test('the folder of the stack holds the code, so that plain Terraform can apply it', () => {
  const [{ source }] = all(json, 'google_storage_bucket_object') as [{ source: string }];
  expect(existsSync(path.join(synthesized(), source))).toBe(true);
});

test('the state lies beside cdktf.out, on every machine by the same path', () => {
  expect(json.terraform.backend.local).toEqual({
    path: '../../../terraform.gcp-pipeline.tfstate',
    workspace_dir: '../../../terraform.gcp-pipeline.workspaces',
  });
});
