require('./bin/ready');

/** @type {import('jest').Config} */
module.exports = {
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  transform: { '\\.ts$': 'ts-jest' },
  setupFilesAfterEnv: ['<rootDir>/test/support/setup.ts'],
  testEnvironment: 'node',
  // One worker for each core: many tests wait for a process of their own.
  maxWorkers: '100%',
};
