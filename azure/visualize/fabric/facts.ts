import { HOURS } from '../../../shared/read/facts/cost';
import { promised } from '../../../shared/read/facts/promise';
import type { Seen, ServiceFacts } from '../../../shared/read/facts/types';
import { set } from '../../../shared/read/facts/weaken';
import { STAGES, type Step } from '../../../shared/read/picture';
import { type Asked, only } from '../../../shared/read/stack';
import { said } from '../../../shared/read/tell';
import { armId, RETAINED } from '../../foundation/promises';

const READER = 'Storage Blob Data Reader';

export const facts: ServiceFacts = {
  name: 'Fabric',
  local: { not: 'Microsoft Fabric exists only in Azure' },
  unproven: [
    'That Fabric opens a shortcut to a container with Storage Blob Data Reader on this container and no role on its account.',
    'That the quota of capacity units of a subscription and region allows an F2: that of a new subscription can be zero.',
    'That Azure returns the names of administrators as they were written, so that a plan shows no change.',
  ],
  types: {
    azurerm_fabric_capacity: {
      name: 'capacity',
      role: 'helps',
      replacedBy: ['name', 'resource_group_name', 'location'],
      named: ['name', /^[a-z][a-z\d]{2,62}$/],
      tells: (capacity) => [`Fabric ${only(capacity, 'sku.name')}`, 'until it is paused', said.kept(capacity)],
      flow: stepsOf,
      promises: [
        RETAINED,
        promised(
          'known-people',
          'have administrators, or Azure refuses it',
          (capacity) => capacity.get('administration_members').length > 0,
          {
            'nobody administrates it': set('administration_members', []),
          },
        ),
      ],
      costs: (capacity) => [
        {
          what: 'capacity units, all day',
          price: 'fabricUnits',
          units: Number(String(only(capacity, 'sku.name')).slice(1)) * HOURS,
          lower: 'No setting: `pauseCommand` of the capacity, at night and on weekends.',
        },
      ],
      computed: { id: armId('Microsoft.Fabric/capacities/acme') },
      local: 'no effect here',
    },
  },
  forbidden: {
    azurerm_powerbi_embedded: 'Its A capacities are for applications that embed reports. Use a FabricCapacity, which costs less.',
  },
};

/** From each container that somebody outside of the stack may read. */
function stepsOf(capacity: Asked, seen: Seen): Step[] {
  const read = seen.access.filter(({ identity, may }) => may === READER && !STAGES.includes(identity)).map(({ on }) => on);
  return seen
    .of('azurerm_storage_container')
    .filter(({ name }) => read.includes(name))
    .map((container) => ({
      from: container.stage,
      how: `read by a shortcut, Entra ID, ${READER}`,
      to: capacity.stage,
      notes: seen.tell(capacity),
      between: [container.id, capacity.id],
    }));
}
