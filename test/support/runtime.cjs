const { isBuiltin } = require('node:module');
const { compileFunction, constants } = require('node:vm');
const { default: Runtime } = require('jest-runtime');

const isOwn = (name) => /^[./]/.test(name) || isBuiltin(name) || name === '@jest/globals';
const load = (from, name) => require(require.resolve(name, { paths: [from] }));

/**
 * Each test file has modules of its own, as Jest does it; the packages that they load are loaded once for all test files, since
 * aws-cdk-lib and the providers take longer to load than most files to test. So all of it shares one set of globals.
 */
module.exports = class extends Runtime {
  constructor(...args) {
    super(...args);
    const { executor } = this;
    const importModuleDynamically = constants.USE_MAIN_CONTEXT_DEFAULT_LOADER;
    executor.compile = (source, filename) =>
      compileFunction(source, executor.injectedModuleParameters, { filename, importModuleDynamically });
  }

  requireModuleOrMock(from, name) {
    return isOwn(name) ? super.requireModuleOrMock(from, name) : load(from, name);
  }

  /** What Jest itself loads: its runner once for each test file, since it knows the tests, and all else once. */
  requireInternalModule(from, name) {
    return name === undefined || isOwn(name) ? super.requireInternalModule(from, name) : load(from, name);
  }
};
