import { GoogleProvider } from '@cdktf/provider-google/lib/provider';
import { TimeProvider } from '@cdktf/provider-time/lib/provider';
import { type App, Fn, LocalBackend, Op, TerraformOutput, TerraformStack, TerraformVariable } from 'cdktf';
import { ask } from '../shared/synth/ask';
import { packageHandler } from '../shared/synth/handler-package';
import { PREFIX, type Removal } from '../shared/synth/settings';
import { PubSubBuffer } from './buffer/pub-sub-buffer';
import { PubSubEntry } from './connect/pub-sub-entry';
import { CloudFunctionProcessor } from './processing/cloud-function-processor';
import { PROJECT, ProjectSite, REGION } from './site';
import { BigQueryStore } from './store/bigquery-store';

/** Settings for {@link GcpPipeline}. */
export interface GcpPipelineProps {
  /**
   * What happens to data when the stack is deleted. With `retain`, `terraform destroy` is refused.
   * @default retain
   */
  readonly removal?: Removal;
  /**
   * The ids of the notification channels that hear every alert.
   * @default - alerts open an incident and tell nobody
   */
  readonly notify?: readonly string[];
}

/** Pub/Sub, Cloud Functions, BigQuery: events come in over HTTPS and end as rows of a table. */
export class GcpPipeline extends TerraformStack {
  constructor(scope: App, id: string, props: GcpPipelineProps = {}) {
    super(scope, id);
    const { removal, notify } = props;
    this.addOverride('terraform.required_version', '>= 1.5.0');
    // Relative, so that every machine synthesizes the same bytes: it leads out of cdktf.out, which may be deleted.
    new LocalBackend(this, { path: `../../../terraform.${id}.tfstate` });
    const place = this.askForPlace();
    new GoogleProvider(this, 'Google', { project: place.project, region: place.region, defaultLabels: { platform: id } });
    new TimeProvider(this, 'Time');

    const site = new ProjectSite(this, 'Site', place);
    const store = new BigQueryStore(this, 'Store', { site, removal });
    const buffer = new PubSubBuffer(this, 'Buffer', { site, removal, notify });
    const connect = new PubSubEntry(this, 'Connect', { sink: buffer, publishers: this.askForPublishers() });
    new CloudFunctionProcessor(this, 'Processing', {
      site,
      code: packageHandler('gcp/handlers/pub-sub-to-bigquery'),
      source: buffer,
      stores: { STORE: store },
      notify,
    });

    this.output('events_url', connect.url, 'Send events here, with a token of Google.');
    this.output('send_command', connect.curl, 'Sends one event. Whoever runs it must be one of the publishers.');
    this.output(
      'show_command',
      `bq query --project_id=${site.project} --use_legacy_sql=false 'SELECT * FROM \`${store.viewName}\` WHERE event_time >= TIMESTAMP("2026-01-01") LIMIT 10'`,
      'Shows what was stored. Whoever runs it needs the roles BigQuery Data Viewer and BigQuery Job User.',
    );
    this.output(
      'dead_letters_command',
      `gcloud pubsub subscriptions pull ${buffer.deadLetter.subscription.id} --limit=10`,
      'Shows what could not be processed, and leaves it there. Whoever runs it needs the role Pub/Sub Subscriber.',
    );
  }

  private askForPlace() {
    return {
      project: ask(this, 'project_id', PROJECT, { description: 'The id of an existing project with billing.' }),
      region: ask(this, 'region', REGION, { description: 'A change replaces everything.', default: 'europe-west1' }),
      prefix: ask(this, 'prefix', PREFIX, { description: 'The start of every name. A change replaces everything.' }),
    };
  }

  private askForPublishers(): string[] {
    const publishers = new TerraformVariable(this, 'publishers', {
      type: 'list(string)',
      nullable: false,
      default: [],
      description: 'Who may send: IAM members such as serviceAccount:press@project.iam.gserviceaccount.com.',
    });
    publishers.addValidation({
      condition: Op.lt(Fn.lengthOf(Fn.setintersection(publishers.listValue, [['allUsers', 'allAuthenticatedUsers']])), 1),
      errorMessage: 'The publishers must name somebody: allUsers and allAuthenticatedUsers are the public.',
    });
    const member = '(?:user|group|domain|serviceAccount|principal|principalSet):[^ ,]+';
    publishers.addValidation({
      condition: Fn.can(Fn.regex(`^(?:${member}(?:,${member})*)?$`, Fn.join(',', publishers.listValue))),
      errorMessage: 'The publishers must be IAM members, such as serviceAccount:press@project.iam.gserviceaccount.com.',
    });
    return publishers.listValue;
  }

  private output(id: string, value: string, description: string) {
    new TerraformOutput(this, id, { value, description });
  }
}
