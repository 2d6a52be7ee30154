import { type AllowList, type Coverage, type CoverageRow, classify, type Treatments, UNKNOWN } from '../coverage';
import type { Terraform } from '../template/terraform';
import { COLUMN_TYPES, type SchemaField } from './bigquery/row-check';
import { memoryMiB, milliseconds } from './foundation/quantities';

const only =
  (...allowed: readonly unknown[]) =>
  (value: unknown) =>
    allowed.includes(value) ? undefined : `only ${allowed.map(String).join(' or ')} is emulated, got ${JSON.stringify(value)}`;

const within = (from: number, to: number, what: string) => (value: unknown) =>
  Number(value) >= from && Number(value) <= to ? undefined : `${what} takes ${from} to ${to}, got ${JSON.stringify(value)}`;

const readable = (read: (value: unknown) => number | undefined, form: string) => (value: unknown) =>
  read(value) === undefined ? `it must look like ${form}, got ${JSON.stringify(value)}` : undefined;

/** What the runner does with each type of resource of Google, by its properties. */
const RESOURCES: AllowList = {
  google_pubsub_topic: {
    name: 'emulated',
    project: 'emulated',
    message_retention_duration: 'no effect here',
    message_storage_policy: 'no effect here',
    kms_key_name: 'no effect here',
    labels: 'no effect here',
  },
  google_pubsub_subscription: {
    name: 'emulated',
    project: 'emulated',
    topic: 'emulated',
    ack_deadline_seconds: within(10, 600, 'Pub/Sub'),
    'push_config.push_endpoint': 'emulated',
    'push_config.oidc_token.audience': 'emulated',
    'push_config.oidc_token.service_account_email': 'emulated',
    'dead_letter_policy.dead_letter_topic': 'emulated',
    'dead_letter_policy.max_delivery_attempts': within(5, 100, 'Pub/Sub'),
    'retry_policy.minimum_backoff': readable(milliseconds, '10s'),
    'retry_policy.maximum_backoff': readable(milliseconds, '600s'),
    expiration_policy: 'no effect here',
    message_retention_duration: 'no effect here',
    labels: 'no effect here',
  },
  google_cloudfunctions2_function: {
    name: 'emulated',
    project: 'no effect here',
    location: 'no effect here',
    labels: 'no effect here',
    'build_config.entry_point': 'emulated',
    'build_config.source.storage_source.bucket': 'emulated',
    'build_config.source.storage_source.object': 'emulated',
    'build_config.runtime': (value) =>
      /^nodejs\d+$/.test(String(value)) ? undefined : `only Node.js is emulated, got ${JSON.stringify(value)}`,
    'build_config.service_account': 'no effect here',
    'build_config.docker_repository': 'no effect here',
    'build_config.automatic_update_policy': 'no effect here',
    'service_config.available_memory': readable(memoryMiB, '512Mi'),
    'service_config.environment_variables': 'emulated',
    'service_config.max_instance_request_concurrency': within(1, 1000, 'Cloud Run'),
    'service_config.timeout_seconds': within(1, 3600, 'Cloud Run'),
    'service_config.available_cpu': 'no effect here',
    'service_config.all_traffic_on_latest_revision': 'no effect here',
    'service_config.ingress_settings': 'no effect here',
    'service_config.max_instance_count': 'no effect here',
    'service_config.min_instance_count': 'no effect here',
    'service_config.service_account_email': 'no effect here',
  },
  google_cloud_run_v2_service_iam_member: {
    name: 'emulated',
    member: 'emulated',
    role: only('roles/run.invoker'),
    project: 'no effect here',
    location: 'no effect here',
  },
  google_bigquery_dataset: {
    dataset_id: 'emulated',
    project: 'emulated',
    location: 'no effect here',
    max_time_travel_hours: 'no effect here',
    delete_contents_on_destroy: 'no effect here',
    default_encryption_configuration: 'no effect here',
    labels: 'no effect here',
  },
  google_bigquery_table: {
    project: 'emulated',
    dataset_id: 'emulated',
    table_id: 'emulated',
    schema: schemaRefusal,
    'time_partitioning.type': only('DAY'),
    'time_partitioning.field': 'emulated',
    'time_partitioning.expiration_ms': 'no effect here',
    'view.query': 'emulated',
    'view.use_legacy_sql': only(false),
    clustering: 'no effect here',
    deletion_protection: 'no effect here',
    description: 'no effect here',
    encryption_configuration: 'no effect here',
    labels: 'no effect here',
    require_partition_filter: 'no effect here',
  },
  google_storage_bucket_object: { name: 'emulated', bucket: 'emulated', source: 'emulated' },
  google_service_account: { account_id: 'emulated', project: 'emulated', display_name: 'no effect here' },
  google_storage_bucket: 'no effect here',
  google_artifact_registry_repository: 'no effect here',
  google_artifact_registry_repository_iam_member: 'no effect here',
  google_bigquery_table_iam_member: 'no effect here',
  google_kms_crypto_key_iam_member: 'no effect here',
  google_monitoring_alert_policy: 'no effect here',
  google_project_iam_member: 'no effect here',
  google_project_service: 'no effect here',
  google_project_service_identity: 'no effect here',
  google_pubsub_subscription_iam_member: 'no effect here',
  google_pubsub_topic_iam_member: 'no effect here',
  time_sleep: 'no effect here',
  'data.google_bigquery_default_service_account': 'no effect here',
};

/** What Terraform itself reads of a resource. */
const META: Treatments = {
  depends_on: 'no effect here',
  provider: 'no effect here',
  'lifecycle.prevent_destroy': 'no effect here',
  'lifecycle.replace_triggered_by': 'no effect here',
};
const REPEATED: Treatments = { ...META, for_each: 'no effect here', count: 'no effect here' };

/** The sections of the template beside its resources. */
const SECTIONS: AllowList = {
  variable: {
    default: 'emulated',
    'validation.condition': 'emulated',
    'validation.error_message': 'emulated',
    description: 'no effect here',
    nullable: 'no effect here',
    type: 'no effect here',
  },
  'provider.google': { project: 'no effect here', region: 'no effect here', default_labels: 'no effect here' },
  'provider.google-beta': 'no effect here',
  'provider.time': 'no effect here',
  terraform: { backend: 'no effect here', required_providers: 'no effect here', required_version: 'no effect here' },
  output: 'no effect here',
};

type Section = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** Classify everything in the template. */
export function coverageOf(terraform: Terraform): Coverage {
  const { resource: _, data: __, variable = {}, provider = {}, terraform: own, output = {}, '//': ___, ...others } = terraform.json;
  const sections: CoverageRow[] = [
    ...Object.entries(variable).flatMap(([name, body]) => classify(SECTIONS, 'variable', name, { ...body })),
    ...Object.entries(provider as Record<string, readonly Section[string][]>).flatMap(([name, bodies]) =>
      bodies.flatMap((body) => classify(SECTIONS, `provider.${name}`, name, body)),
    ),
    ...classify(SECTIONS, 'terraform', 'terraform', (own ?? {}) as Section[string]),
    ...Object.entries(output as Section).flatMap(([name, body]) => classify(SECTIONS, 'output', name, body)),
    ...Object.keys(others).map((name): CoverageRow => ({ type: name, resource: '', property: '', treatment: 'refused', why: UNKNOWN })),
  ];
  return [...terraform.resources().flatMap(({ type, name, properties, meta }) => resourceRows(type, name, properties, meta)), ...sections];
}

function resourceRows(type: string, name: string, properties: Section[string], meta: Section[string]): CoverageRow[] {
  const treatments = RESOURCES[type];
  const metaList = { [type]: typeof treatments === 'object' ? META : REPEATED };
  return [...classify(RESOURCES, type, name, properties), ...classify(metaList, type, name, meta).slice(1)];
}

/** Why a schema cannot be kept here. It is a text of JSON, or holds references that stand for one. */
function schemaRefusal(value: unknown): string | undefined {
  let columns: readonly (SchemaField & { readonly fields?: unknown })[];
  try {
    columns = JSON.parse(String(value));
  } catch {
    return 'it must be the JSON of a schema';
  }
  const known = ['name', 'type', 'mode', 'description'];
  for (const column of columns) {
    const { name, type, mode = 'NULLABLE' } = column;
    const other = Object.keys(column).find((key) => !known.includes(key));
    if (other) return `column ${name}: ${other} is not emulated`;
    if (!COLUMN_TYPES.some((known) => known === type)) return `column ${name}: only ${COLUMN_TYPES.join(', ')} are emulated, got ${type}`;
    if (!['NULLABLE', 'REQUIRED'].includes(mode)) return `column ${name}: only NULLABLE and REQUIRED are emulated, got ${mode}`;
  }
  return undefined;
}
