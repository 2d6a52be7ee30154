require('./bin/ready');

/** @type {import('jest').Config} */
module.exports = {
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  transform: { '\\.ts$': '<rootDir>/test/support/transform.cjs' },
  runtime: '<rootDir>/test/support/runtime.cjs',
  setupFilesAfterEnv: ['<rootDir>/test/support/setup.ts'],
  testEnvironment: '<rootDir>/test/support/environment.cjs',
  // What was synthesized, run or installed here holds copies of files, and no modules of its own.
  modulePathIgnorePatterns: ['<rootDir>/(cdk\\.out|cdktf\\.out|\\.local|\\.judges)/'],
  // One worker for each core: many tests wait for a process of their own, and for longer where the machine is busy.
  maxWorkers: '100%',
  testTimeout: 60_000,
};
