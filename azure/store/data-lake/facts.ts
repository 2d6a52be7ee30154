import type { ServiceFacts } from '../../../shared/read/facts/types';

/** Its account and its containers are those of every store of objects: see `azure/foundation/storage` and `azure/store/blob`. */
export const facts: ServiceFacts = {
  name: 'Data Lake Storage',
  local: 'runs',
  unproven: ['that the logs of a data lake have the category StorageWrite for each call of the Data Lake API that writes'],
  types: {},
};
