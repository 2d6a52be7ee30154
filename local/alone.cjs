// Loaded before everything else in the process of a handler: packages outside of the folder of the bundle, such as those of this
// repository, are not found, because they do not exist in a cloud. `import()` still finds them.
const Module = require('node:module');
const path = require('node:path');

const folder = process.cwd() + path.sep;
const isWithin = (place) => `${place}${path.sep}`.startsWith(folder);

const around = Module._nodeModulePaths;
Module._nodeModulePaths = (from) => (isWithin(from) ? around(from).filter(isWithin) : around(from));
