import { type AllowList, only } from '../../coverage';
import { NAMED } from '../foundation/named';

const NONE = 'no effect here';

/** Storage accounts and their containers. */
export const COVERAGE: AllowList = {
  // What is old moves to a cold tier, and everything here is young.
  azurerm_storage_management_policy: NONE,
  azurerm_storage_account: {
    ...NAMED,
    account_kind: only('StorageV2'),
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
};
