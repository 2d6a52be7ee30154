import type { Environment } from '../bin/environment';

/** The place where data counts: it stays when a stack is deleted, and nobody deletes a stack by mistake. */
export const environment: Environment = {
  removal: 'retain',
  aws: { terminationProtection: true },
};
