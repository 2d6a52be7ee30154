import { type AllowList, only } from '../../coverage';
import { NAMED } from '../foundation/named';

const NONE = 'no effect here';

/** A hub in its namespace, with its consumer groups. */
export const COVERAGE: AllowList = {
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
};
