/** The shortest and the longest answers to what the stacks ask for. */
export const ANSWERS: Readonly<Record<string, readonly [shortest: string, longest: string]>> = {
  location: ['uksouth', 'germanywestcentral'],
  prefix: ['ab', 'abcdefghij1'],
  project_id: ['abcde1', `a${'b'.repeat(28)}1`],
  region: ['us-east1', 'northamerica-northeast2'],
};
