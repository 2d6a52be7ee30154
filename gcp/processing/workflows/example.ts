import type { Construct } from 'constructs';
import { GcpPlatform, type GcpPlatformProps } from '../../foundation/platform';
import { BigQueryStore } from '../../store/bigquery/bigquery-store';
import { CloudRunJob } from '../cloud-run/cloud-run-job';
import { cleanRows } from '../scheduled-query/clean-rows';
import { QueryJob } from '../scheduled-query/query-job';
import { WorkflowsOrchestration } from './workflows-orchestration';

/** Each night, a workflow starts a container on Cloud Run that pulls events into BigQuery, waits for its end, and then lets BigQuery add their clean rows. */
export class GcpWorkflows extends GcpPlatform {
  constructor(scope: Construct, id: string, props: GcpPlatformProps = {}) {
    super(scope, id, props);
    const { site, removal, notify } = this;
    const image = this.askForImage('processor');

    const raw = new BigQueryStore(this, 'Store', { site, removal });
    const clean = new BigQueryStore(this, 'StoreClean', { site, name: 'clean', columns: [{ name: 'kelvin', type: 'FLOAT' }], removal });
    const pull = new CloudRunJob(this, 'ProcessingPull', { site, name: 'pull', image, outputs: { RAW: raw }, notify });
    const refine = new QueryJob(this, 'ProcessingClean', {
      site,
      name: 'clean',
      reads: { RAW: raw },
      writes: { CLEAN: clean },
      query: ({ RAW, CLEAN }) =>
        cleanRows({ from: RAW!, into: CLEAN!, columns: { kelvin: "SAFE_CAST(JSON_VALUE(data, '$.kelvin') AS FLOAT64)" } }),
    });
    const jobs = new WorkflowsOrchestration(this, 'Processing', {
      site,
      steps: [{ Pull: pull }, { Clean: refine }],
      schedule: { cron: '0 3 * * *' },
      notify,
    });

    const rows = `SELECT * FROM \`${clean.viewName}\` WHERE event_time >= TIMESTAMP("2026-01-01") LIMIT 10`;
    this.output({
      start_command: [
        `gcloud workflows run ${jobs.workflow.name} --location=${site.region} --project=${site.project}`,
        'Runs both jobs now, and waits for their end.',
      ],
      log_command: [
        `gcloud logging read 'resource.labels.workflow_id="${jobs.workflow.name}" severity>=ERROR' --project=${site.project}`,
        'Shows which job failed.',
      ],
      show_command: [
        `bq query --project_id=${site.project} --use_legacy_sql=false '${rows}'`,
        'Shows the clean rows. You need the roles BigQuery Data Viewer and BigQuery Job User to run it.',
      ],
    });
  }
}
