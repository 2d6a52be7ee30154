// Node loads this file before every command. It must run in old versions of Node, so it uses old JavaScript only.
const { engines } = require('../package.json');

const [needed, major, minor] = /(\d+)\.(\d+)/.exec(engines.node);
const [has, hasMinor] = process.versions.node.split('.').map(Number);

if (has < Number(major) || (has === Number(major) && hasMinor < Number(minor))) {
  refuse(`Node.js must be ${needed} or newer, got ${process.versions.node}. Get one from https://nodejs.org.`);
}
try {
  require.resolve('tsx/cjs');
} catch (_) {
  refuse('The packages are not installed. Run npm ci first.');
}

function refuse(line) {
  console.error(line);
  process.exit(1);
}
