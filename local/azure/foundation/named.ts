import type { Treatments } from '../../coverage';

/** What every resource of Azure has. */
export const NAMED: Treatments = { name: 'emulated', location: 'no effect here', resource_group_name: 'no effect here' };
