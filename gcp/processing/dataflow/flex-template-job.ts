import { type ITerraformDependable, type TerraformProvider, TerraformResource } from 'cdktf';
import type { Construct } from 'constructs';
import { defaultLabels, GoogleBeta } from '../../foundation/google-beta';

/** Settings for {@link FlexTemplateJob}. */
export interface FlexTemplateJobConfig {
  readonly project: string;
  readonly region: string;
  readonly name: string;
  /** The file of the template in Cloud Storage. */
  readonly template: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly serviceAccountEmail: string;
  /** The whole address of the subnetwork. */
  readonly subnetwork: string;
  /** The folder of temporary files, without a slash at its end. */
  readonly temporary: string;
  readonly machineType: string;
  readonly maxWorkers: number;
  /**
   * The id of the key that encrypts what is in it.
   * @default - a Google-managed key
   */
  readonly encryptionKey?: string;
  /**
   * The provider that starts it.
   * @default - a provider with the alias `service_agents`
   */
  readonly googleBeta?: TerraformProvider;
  readonly dependsOn: ITerraformDependable[];
}

/**
 * A streaming job of a flex template: a template in a container, whose workers have private addresses. The resource exists only in
 * google-beta. It drains the job when it is deleted: without a setting, it would cancel it.
 * @see https://cloud.google.com/dataflow/docs/guides/templates/using-flex-templates
 */
export class FlexTemplateJob extends TerraformResource {
  private readonly config: FlexTemplateJobConfig;

  constructor(scope: Construct, id: string, config: FlexTemplateJobConfig) {
    const provider = config.googleBeta ?? GoogleBeta.of(scope);
    super(scope, id, { terraformResourceType: 'google_dataflow_flex_template_job', provider, dependsOn: config.dependsOn });
    this.config = config;
  }

  /** Its name. */
  get name(): string {
    return this.getStringAttribute('name');
  }

  protected override synthesizeAttributes() {
    const { template, parameters, serviceAccountEmail, subnetwork, temporary, machineType, maxWorkers, encryptionKey } = this.config;
    return {
      project: this.config.project,
      region: this.config.region,
      name: this.config.name,
      container_spec_gcs_path: template,
      parameters,
      service_account_email: serviceAccountEmail,
      subnetwork,
      ip_configuration: 'WORKER_IP_PRIVATE',
      temp_location: `${temporary}/temp`,
      staging_location: `${temporary}/staging`,
      enable_streaming_engine: true,
      machine_type: machineType,
      max_workers: maxWorkers,
      kms_key_name: encryptionKey,
      on_delete: 'drain',
      labels: defaultLabels(this),
    };
  }
}
