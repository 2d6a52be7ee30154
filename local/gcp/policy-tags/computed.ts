import type { ComputedByType } from '../../template/open-terraform';

/** Tags protect nothing here, so all have one id. */
const TAXONOMY = 'projects/local/locations/local/taxonomies/1';

export const COMPUTED: ComputedByType = {
  google_data_catalog_policy_tag: () => ({ id: `${TAXONOMY}/policyTags/1` }),
};
