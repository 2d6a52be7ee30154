import { type AllowList, only } from '../../coverage';
import { NAMED } from '../foundation/named';

const NONE = 'no effect here';

/** The function app, and the command that publishes its code. host.json is covered beside its reader. */
export const COVERAGE: AllowList = {
  azurerm_service_plan: NONE,
  azurerm_function_app_flex_consumption: {
    ...NAMED,
    app_settings: 'emulated',
    identity: 'emulated',
    instance_memory_in_mb: 'emulated',
    runtime_name: only('node'),
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
  terraform_data: {
    triggers_replace: NONE,
    'provisioner.local-exec.command': (value) =>
      /\baz functionapp deployment source config-zip\b/.test(String(value))
        ? undefined
        : 'only the command that publishes code is emulated',
    'provisioner.local-exec.environment': 'emulated',
    'provisioner.local-exec.interpreter': NONE,
  },
};
