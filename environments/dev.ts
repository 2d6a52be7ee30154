import type { Environment } from '../bin/environment';

/** For trials. The data is deleted with its stack. */
export const environment: Environment = {
  removal: 'destroy',
  destroyData: 'yes',
};
