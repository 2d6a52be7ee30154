import type { Environment } from '../bin/environment';

/** For production. The data is retained when a stack is deleted, and termination protection is on. */
export const environment: Environment = {
  removal: 'retain',
  aws: { terminationProtection: true },
};
