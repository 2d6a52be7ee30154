import type { Construct } from 'constructs';
import { ask } from '../../shared/synth/ask';
import { packageHandler } from '../../shared/synth/handler-package';
import type { TextRule } from '../../shared/synth/settings';
import { GcpPlatform, type GcpPlatformProps } from '../foundation/platform';
import { CloudRunJob } from '../processing/cloud-run/cloud-run-job';
import { QueryJob } from '../processing/scheduled-query/query-job';
import { replaceRows } from '../processing/scheduled-query/replace-rows';
import { WorkflowsOrchestration } from '../processing/workflows/workflows-orchestration';
import { BigQueryStore } from '../store/bigquery/bigquery-store';
import { SharedView } from '../visualize/shared-view/shared-view';

const LIST: TextRule = { pattern: /^https:[/][/][!-~]+$/, must: 'be an address that starts with https://', remedy: '' };
/** What is known of a guide. Other fields of the tool are in the column `rest`. */
const COLUMNS = [
  { name: 'title', type: 'STRING' },
  { name: 'status', type: 'STRING' },
  { name: 'owner', type: 'STRING' },
  { name: 'created_at', type: 'TIMESTAMP' },
  { name: 'published_at', type: 'TIMESTAMP' },
] as const;

/** A publishing workflow in BigQuery: every three hours a job pulls all guides from a tool into a staging table, a query checks them and replaces what is published at once, and dashboards read a view. */
export class GcpPublishingToBigQuery extends GcpPlatform {
  constructor(scope: Construct, id: string, props: GcpPlatformProps = {}) {
    super(scope, id, props);
    const { site, removal, notify } = this;
    // The secret with the token of the tool. Create it before the apply.
    const token = `${site.prefix}-publishing-token`;
    const list = ask(this, 'list_url', LIST, { description: 'The first page of the guides in the REST API of the tool.' });

    const staging = new BigQueryStore(this, 'StoreStaging', { site, name: 'staging', columns: COLUMNS, retentionDays: 7, removal });
    const published = new BigQueryStore(this, 'Store', { site, name: 'published', columns: COLUMNS, removal });
    const pull = new CloudRunJob(this, 'Connect', {
      site,
      name: 'pull',
      image: this.askForImage('pull'),
      code: packageHandler('gcp/handlers/pull-to-bigquery'),
      outputs: { STAGING: staging },
      environmentVariables: { PULL_URL: list },
      secretEnvironmentVariables: { PULL_TOKEN: { secret: token } },
      maxRetries: 1,
      timeoutSeconds: 600,
      notify,
    });
    const publish = new QueryJob(this, 'ProcessingPublish', {
      site,
      name: 'publish',
      reads: { STAGING: staging },
      writes: { PUBLISHED: published },
      query: ({ STAGING, PUBLISHED }) => replaceRows({ from: STAGING!, into: PUBLISHED!, columns: COLUMNS }),
      timeoutSeconds: 600,
    });
    const publishing = new WorkflowsOrchestration(this, 'Processing', {
      site,
      name: 'publishing',
      steps: [{ Pull: pull }, { Publish: publish }],
      schedule: { cron: '0 */3 * * *' },
      timeoutSeconds: 1800,
      notify,
    });
    const shared = new SharedView(this, 'Visualize', {
      site,
      store: published,
      columns: ['event_id', ...COLUMNS.map(({ name }) => name), 'event_time'],
      where: "event_time >= TIMESTAMP('2020-01-01')",
      readers: this.askForViewers(),
      removal,
    });

    this.output({
      token_command: [
        `gcloud secrets create ${token} --project=${site.project} --data-file=-`,
        'Keeps the token of the tool, which it reads from its input. Run it before the apply.',
      ],
      build_command: [pull.buildCommand!, 'Builds the image, in the folder of this stack and before the apply. Shows its digest.'],
      start_command: [
        `gcloud workflows run ${publishing.workflow.name} --location=${site.region} --project=${site.project}`,
        'Pulls and publishes now, and waits for the end. You need the role Workflows Invoker to run it.',
      ],
      log_command: [
        `gcloud logging read 'resource.labels.workflow_id="${publishing.workflow.name}" severity>=ERROR' --project=${site.project}`,
        'Shows why a run was not published. You need the role Logs Viewer to run it.',
      ],
      shared_view: [shared.viewName, 'The view to connect to in Data Studio.'],
      show_command: [
        `bq query --project_id=${site.project} --use_legacy_sql=false 'SELECT * FROM \`${shared.viewName}\` LIMIT 10'`,
        'Shows what readers see. You must be one of the viewers to run it.',
      ],
    });
  }
}
