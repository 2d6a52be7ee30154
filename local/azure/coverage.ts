import { type AllowList, type Coverage, type CoverageRow, classify, type Treatments, UNKNOWN } from '../coverage';
import type { Terraform } from '../template/terraform';

const NONE = 'no effect here';

/** What Terraform itself reads in any resource. */
const META: Treatments = { depends_on: NONE, 'lifecycle.prevent_destroy': NONE };
const NAMED: Treatments = { name: 'emulated', location: NONE, resource_group_name: NONE, ...META };

const only =
  (expected: unknown, why: string) =>
  (value: unknown): string | undefined =>
    value === expected ? undefined : `${JSON.stringify(value)}: ${why}`;

/** What is done with each property of the template. */
const RESOURCES: AllowList = {
  'data.azurerm_client_config': 'no effect here',
  azurerm_application_insights: NONE,
  azurerm_log_analytics_workspace: NONE,
  azurerm_monitor_diagnostic_setting: NONE,
  azurerm_monitor_metric_alert: NONE,
  azurerm_monitor_scheduled_query_rules_alert_v2: NONE,
  azurerm_resource_group: NONE,
  azurerm_role_assignment: NONE,
  azurerm_service_plan: NONE,
  // What is old moves to a cold tier, and everything here is young.
  azurerm_storage_management_policy: NONE,
  azurerm_eventhub: {
    ...NAMED,
    namespace_id: 'emulated',
    partition_count: 'emulated',
    message_retention: NONE,
  },
  azurerm_eventhub_consumer_group: { ...NAMED, eventhub_name: 'emulated', namespace_name: 'emulated' },
  azurerm_eventhub_namespace: {
    ...NAMED,
    sku: only('Standard', 'the limits of Standard are emulated, and no others'),
    local_authentication_enabled: only(false, 'keys are not emulated, tokens of Entra are'),
    minimum_tls_version: NONE,
    capacity: NONE,
    auto_inflate_enabled: NONE,
    maximum_throughput_units: NONE,
  },
  azurerm_function_app_flex_consumption: {
    ...NAMED,
    app_settings: 'emulated',
    identity: 'emulated',
    instance_memory_in_mb: 'emulated',
    runtime_name: only('node', 'only Node.js is emulated'),
    // It runs on the Node.js that runs this.
    runtime_version: NONE,
    maximum_instance_count: NONE,
    service_plan_id: NONE,
    https_only: NONE,
    site_config: NONE,
    storage_authentication_type: NONE,
    storage_container_endpoint: NONE,
    storage_container_type: NONE,
    storage_user_assigned_identity_id: NONE,
    webdeploy_publish_basic_authentication_enabled: NONE,
  },
  azurerm_storage_account: {
    ...NAMED,
    account_kind: only('StorageV2', 'only StorageV2 is emulated'),
    account_tier: NONE,
    account_replication_type: NONE,
    shared_access_key_enabled: only(false, 'keys are not emulated, tokens of Entra are'),
    default_to_oauth_authentication: NONE,
    allow_nested_items_to_be_public: NONE,
    blob_properties: NONE,
    cross_tenant_replication_enabled: NONE,
    https_traffic_only_enabled: NONE,
    infrastructure_encryption_enabled: NONE,
    local_user_enabled: NONE,
    min_tls_version: NONE,
  },
  azurerm_storage_container: {
    ...NAMED,
    storage_account_id: 'emulated',
    container_access_type: only('private', 'a container that the public reads is not emulated'),
  },
  azurerm_user_assigned_identity: NAMED,
  terraform_data: {
    ...META,
    triggers_replace: NONE,
    'provisioner.local-exec.command': (value) =>
      /\baz functionapp deployment source config-zip\b/.test(String(value))
        ? undefined
        : 'only the command that publishes code is emulated',
    'provisioner.local-exec.environment': 'emulated',
    'provisioner.local-exec.interpreter': NONE,
  },
};

/** The rest of the template. Of a provider, nothing but the resources counts here. */
const SECTIONS: AllowList = {
  output: 'no effect here',
  provider: { azurerm: NONE },
  terraform: { backend: NONE, required_providers: NONE, required_version: NONE },
  variable: { default: 'emulated', validation: 'emulated', type: NONE, nullable: NONE, description: NONE },
};

/** What this runner does with every resource and every property of a template. */
export function coverage(terraform: Terraform): Coverage {
  const { json } = terraform;
  const rows: CoverageRow[] = [];
  for (const { type, name, properties, meta } of terraform.resources())
    rows.push(...classify(RESOURCES, type, name, { ...properties, ...meta }));
  for (const [section, body] of Object.entries(json)) {
    if (['//', 'resource', 'data'].includes(section)) continue;
    if (!Object.hasOwn(SECTIONS, section)) {
      rows.push({ type: section, resource: '', property: '', treatment: 'refused', why: UNKNOWN });
    } else if (section === 'variable') {
      for (const [name, variable] of Object.entries(json.variable ?? {})) rows.push(...classify(SECTIONS, section, name, { ...variable }));
    } else {
      rows.push(...classify(SECTIONS, section, '', body as Readonly<Record<string, unknown>>));
    }
  }
  return rows;
}
