import type { Environment } from '../bin/environment';

/** A place to try things. Its data goes with its stacks. */
export const environment: Environment = {
  removal: 'destroy',
  destroyData: 'yes',
};
