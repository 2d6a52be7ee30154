// Loaded before everything else in the process of a handler: packages that lie around the folder of its bundle, as those of this
// repository do, are not found, since in a cloud there are none. `import()` still finds them.
const Module = require('node:module');
const path = require('node:path');

const folder = process.cwd() + path.sep;
const isWithin = (place) => `${place}${path.sep}`.startsWith(folder);

const around = Module._nodeModulePaths;
Module._nodeModulePaths = (from) => (isWithin(from) ? around(from).filter(isWithin) : around(from));
