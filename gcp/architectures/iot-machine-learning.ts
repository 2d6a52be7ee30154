import type { Construct } from 'constructs';
import { packageHandler } from '../../shared/synth/handler-package';
import { DeviceGateway } from '../connect/device-gateway/device-gateway';
import { PubSubBuffer } from '../connect/pub-sub/pub-sub-buffer';
import { GcpPlatform, type GcpPlatformProps } from '../foundation/platform';
import { CloudFunctionProcessor } from '../processing/cloud-functions/cloud-function-processor';
import { BASELINE_COLUMNS, findOutliers, learnBaselines, OUTLIER_COLUMNS } from '../processing/scheduled-query/outliers';
import { QueryJob } from '../processing/scheduled-query/query-job';
import { WorkflowsOrchestration } from '../processing/workflows/workflows-orchestration';
import { BigQueryStore } from '../store/bigquery/bigquery-store';
import { CloudStorageStore } from '../store/cloud-storage/cloud-storage-store';

/** Measurements of devices become rows of BigQuery, and each night a workflow learns from 28 days what is normal for each device, and adds the outliers of the last three days to a table. */
export class GcpIotMachineLearning extends GcpPlatform {
  constructor(scope: Construct, id: string, props: GcpPlatformProps = {}) {
    super(scope, id, props);
    const { site, removal, notify } = this;
    const image = this.askForImage('gateway');

    const measurements = new BigQueryStore(this, 'Store', { site, name: 'measurements', removal });
    const baselines = new BigQueryStore(this, 'StoreBaselines', { site, name: 'baselines', columns: BASELINE_COLUMNS, removal });
    const outliers = new BigQueryStore(this, 'StoreOutliers', { site, name: 'outliers', columns: OUTLIER_COLUMNS, removal });
    const buffer = new PubSubBuffer(this, 'Buffer', { site, schema: { data: 'double value = 1; string unit = 2;' }, removal, notify });
    const registry = new CloudStorageStore(this, 'ConnectDevices', { site, name: 'devices', prefix: 'devices/', removal });
    const code = packageHandler('gcp/handlers/device-https-to-pub-sub');
    const connect = new DeviceGateway(this, 'Connect', { site, sink: buffer, registry, code, image, notify });
    new CloudFunctionProcessor(this, 'Processing', {
      site,
      code: packageHandler('gcp/handlers/pub-sub-to-bigquery'),
      source: buffer,
      stores: { STORE: measurements },
      notify,
    });

    const value = "SAFE_CAST(JSON_VALUE(data, '$.value') AS FLOAT64)";
    const learn = new QueryJob(this, 'ProcessingLearn', {
      site,
      name: 'learn',
      reads: { MEASUREMENTS: measurements },
      writes: { BASELINES: baselines },
      query: ({ MEASUREMENTS, BASELINES }) => learnBaselines({ from: MEASUREMENTS!, into: BASELINES!, value }),
    });
    const score = new QueryJob(this, 'ProcessingScore', {
      site,
      name: 'score',
      reads: { MEASUREMENTS: measurements, BASELINES: baselines },
      writes: { OUTLIERS: outliers },
      query: ({ MEASUREMENTS, BASELINES, OUTLIERS }) =>
        findOutliers({ from: MEASUREMENTS!, baselines: BASELINES!, into: OUTLIERS!, value, resolution: 0.1 }),
    });
    const nightly = new WorkflowsOrchestration(this, 'ProcessingNightly', {
      site,
      name: 'nightly',
      steps: [{ Learn: learn }, { Score: score }],
      schedule: { cron: '0 3 * * *' },
      notify,
    });

    const query = (from: string) =>
      `bq query --project_id=${site.project} --use_legacy_sql=false 'SELECT * FROM \`${from}\` WHERE event_time >= TIMESTAMP("2026-01-01") LIMIT 10'`;
    this.output({
      build_command: [connect.buildCommand, 'Builds the image, in the folder of this stack and before the apply. Shows its digest.'],
      register_command: [connect.registerCommand, 'Registers a device. You need the role Storage Object Creator to run it.'],
      events_url: [
        connect.url,
        'Devices send events with a number in data.value here, and a text in data.unit if they want. Others are refused.',
      ],
      audience: [connect.audience, 'The aud of the tokens of devices.'],
      start_command: [
        `gcloud workflows run ${nightly.workflow.name} --location=${site.region} --project=${site.project}`,
        'Learns and scores now, and waits for the end. You need the role Workflows Invoker to run it.',
      ],
      show_command: [query(outliers.viewName), 'Shows outliers. You need the roles BigQuery Data Viewer and BigQuery Job User to run it.'],
      baselines_command: [query(baselines.viewName), 'Shows what is normal for each device. You need the same roles to run it.'],
      measurements_command: [query(measurements.viewName), 'Shows measurements. You need the same roles to run it.'],
      dead_letters_command: [
        `gcloud pubsub subscriptions pull ${buffer.deadLetter.subscription.id} --limit=10`,
        'Shows what could not be processed, without deleting it. You need the role Pub/Sub Subscriber to run it.',
      ],
    });
  }
}
