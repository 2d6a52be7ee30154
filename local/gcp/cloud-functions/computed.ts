import type { ComputedByType } from '../../template/open-terraform';

export const COMPUTED: ComputedByType = {
  google_artifact_registry_repository: ({ properties: { project, location, repository_id: name } }) => ({
    id: `projects/${project}/locations/${location}/repositories/${name}`,
    name: String(name),
  }),
};
