require('./bin/ready');

/** @type {import('jest').Config} */
module.exports = {
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  transform: { '(\\.ts|/cdktf/lib/tokens/private/stack-trace\\.js)$': '<rootDir>/test/support/transform.cjs' },
  transformIgnorePatterns: ['/node_modules/(?!cdktf/lib/tokens/private/stack-trace\\.js$)'],
  setupFiles: ['<rootDir>/test/support/clock.cjs'],
  setupFilesAfterEnv: ['<rootDir>/test/support/setup.ts'],
  testEnvironment: 'node',
  // Node itself goes on asking a clock that was moved, after the tests of a file.
  testEnvironmentOptions: process.env.CLOCK_OFFSET_DAYS ? { globalsCleanup: 'off' } : {},
  // What was synthesized, run or installed here holds copies of files, and no modules of its own.
  modulePathIgnorePatterns: ['<rootDir>/(cdk\\.out|cdktf\\.out|\\.local|\\.judges)/'],
  // One worker for each core: many tests wait for a process of their own, and for longer where the machine is busy.
  maxWorkers: '100%',
  testTimeout: 60_000,
};
