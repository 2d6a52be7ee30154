const { isBuiltin } = require('node:module');
const { compileFunction, constants } = require('node:vm');
const { default: Runtime } = require('jest-runtime');

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
    const own = /^[./]/.test(name) || isBuiltin(name) || name === '@jest/globals';
    return own ? super.requireModuleOrMock(from, name) : require(require.resolve(name, { paths: [from] }));
  }
};
