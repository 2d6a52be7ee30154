/** @type {import('jest').Config} */
module.exports = {
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  transform: { '\\.ts$': '<rootDir>/../test/support/transform.cjs' },
  setupFiles: ['<rootDir>/test/setup.ts'],
  testEnvironment: 'node',
  // A library that is loaded again in the next file of tests writes to a global object that Jest has emptied.
  testEnvironmentOptions: { globalsCleanup: 'off' },
  testTimeout: 60_000,
  maxWorkers: '100%',
};
