import type { ComputedByType } from '../../template/open-terraform';

export const COMPUTED: ComputedByType = {
  google_pubsub_topic: ({ properties: { project, name } }) => ({ id: `projects/${project}/topics/${name}` }),
  google_pubsub_subscription: ({ properties: { project, name } }) => ({ id: `projects/${project}/subscriptions/${name}` }),
};
