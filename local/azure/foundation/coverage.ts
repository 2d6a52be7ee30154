import type { AllowList } from '../../coverage';

const NONE = 'no effect here';

/** Who may do what, what is watched and what is written down: none of it moves an event. */
export const COVERAGE: AllowList = {
  'data.azurerm_client_config': NONE,
  azurerm_application_insights: NONE,
  azurerm_log_analytics_workspace: NONE,
  azurerm_monitor_diagnostic_setting: NONE,
  azurerm_monitor_metric_alert: NONE,
  azurerm_monitor_scheduled_query_rules_alert_v2: NONE,
  azurerm_resource_group: NONE,
  azurerm_role_assignment: NONE,
};
