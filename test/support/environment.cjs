// Before Jest looks at the clock.
require('./clock.cjs');
const { ModuleMocker } = require('jest-mock');
// Nobody sees where a token was made, which CDKTF looks up for each one.
require('cdktf/lib/tokens/private/stack-trace').captureStackTrace = () => [];

const { exit } = process;

/** The globals of the process itself. Each file finds its environment as the one before it did. */
module.exports = class {
  global = globalThis;
  moduleMocker = new ModuleMocker(globalThis);
  env = { ...process.env };

  setup() {
    // Jest keeps a hundred lines of each stack; the CDK asks for a stack with each construct.
    Error.stackTraceLimit = 10;
  }

  teardown() {
    for (const name of Object.keys(process.env)) if (!(name in this.env)) delete process.env[name];
    Object.assign(process.env, this.env);
    process.exit = exit;
  }

  exportConditions() {
    return ['node', 'node-addons'];
  }

  getVmContext() {
    return null;
  }
};
