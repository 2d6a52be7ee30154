import type { ComputedByType } from '../../template/open-terraform';

export const COMPUTED: ComputedByType = {
  google_storage_bucket: ({ properties: { name } }) => ({ id: String(name) }),
};
