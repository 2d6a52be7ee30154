/** Builds the code of a `FlinkProcessor`: `cdk deploy` calls it when it publishes the asset, and uploads the file that it prints. */
const { spawnSync } = require('node:child_process');
const { readdirSync } = require('node:fs');
const path = require('node:path');

const NEEDS = 'It needs a JDK 17 or newer, Maven 3.8 or newer, and access to Maven Central.';
/** The shade plugin keeps the jar without dependencies under this name. */
const OTHER = /^original-|-(sources|javadoc|tests)\.jar$/;

/**
 * Build a Maven project.
 * @param {string} folder
 * @param {string} [mvn] the command
 * @returns {string} the path of its jar
 * @throws Error of one line if it cannot be built, or if there is not exactly one jar
 */
function build(folder, mvn = 'mvn') {
  // The standard output is for the path of the jar.
  const options = { cwd: folder, stdio: ['ignore', process.stderr.fd, 'inherit'], shell: process.platform === 'win32' };
  const { error, status } = spawnSync(mvn, ['--batch-mode', '--quiet', '-DskipTests', 'clean', 'package'], options);
  if (error) throw new Error(`${folder}: ${mvn} package did not start: ${error.message}. ${NEEDS}`);
  if (status !== 0) throw new Error(`${folder}: ${mvn} package ended with ${status}. ${NEEDS}`);
  const outputs = ['.build', 'target'].map((name) => path.resolve(folder, name));
  const jars = outputs.flatMap((output) => filesIn(output).filter((file) => file.endsWith('.jar') && !OTHER.test(path.basename(file))));
  if (jars.length === 1) return jars[0];
  throw new Error(
    `${folder}: ${mvn} package must make one jar in target or .build, got ${jars.map((jar) => path.basename(jar)).join(' and ') || 'none'}.`,
  );
}

/** @param {string} folder */
function filesIn(folder) {
  try {
    return readdirSync(folder).map((file) => path.join(folder, file));
  } catch {
    return [];
  }
}

module.exports = { build };

if (require.main === module) {
  try {
    process.stdout.write(build(process.argv[2]));
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}
