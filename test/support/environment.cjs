// Before Jest looks at the clock.
require('./clock.cjs');
const { AsyncLocalStorage } = require('node:async_hooks');
const { ModuleMocker } = require('jest-mock');
// Nobody sees where a token was made, which CDKTF looks up for each one.
require('cdktf/lib/tokens/private/stack-trace').captureStackTrace = () => [];
// CDKTF asks Terraform for its version with each `moved` block and each `terraform_data`. Tests need no Terraform.
require('cdktf/lib/validations/validate-binary-version').ValidateBinaryVersion.prototype.validate = () => [];

const { exit } = process;
const { run } = AsyncLocalStorage.prototype;
const entered = new Set();
AsyncLocalStorage.prototype.run = function (...args) {
  entered.add(this);
  return run.apply(this, args);
};

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
    // What Jest keeps of a file, such as who hears of its tests: with the next file it would hear of those too.
    for (const name of Object.getOwnPropertySymbols(globalThis)) if (/JEST|EVENT_HANDLERS/.test(name.description)) delete globalThis[name];
    // Each promise costs a look at each storage that was ever entered.
    for (const storage of entered) storage.disable();
    entered.clear();
  }

  exportConditions() {
    return ['node', 'node-addons'];
  }

  getVmContext() {
    return null;
  }
};
