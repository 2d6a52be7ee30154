import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';

/**
 * Build the Maven project in the given folder, and print the path of its jar. `cdk deploy` calls it to publish the code of a
 * `FlinkProcessor`, and uploads the file whose path it prints.
 */
const [folder = ''] = process.argv.slice(2);
const needs = 'It needs a JDK 17 or newer, Maven 3.8 or newer, and access to Maven Central.';

const { error, status } = spawnSync('mvn', ['--batch-mode', '--quiet', '-DskipTests', 'clean', 'package'], {
  cwd: folder,
  // The standard output is for the path.
  stdio: ['ignore', process.stderr.fd, 'inherit'],
  shell: process.platform === 'win32',
});
if (error || status !== 0) stop(`mvn package ${error ? `did not start: ${error.message}` : `ended with ${status}`}. ${needs}`);

const target = path.resolve(folder, 'target');
// The shade plugin keeps the jar without dependencies under this name.
const jars = readdirSync(target).filter((file) => file.endsWith('.jar') && !/^original-|-(sources|javadoc|tests)\.jar$/.test(file));
if (jars.length !== 1) stop(`mvn package must make one jar in target, got ${jars.join(' and ') || 'none'}.`);
process.stdout.write(path.join(target, jars[0]!));

function stop(fault: string): never {
  process.stderr.write(`${folder}: ${fault}\n`);
  process.exit(1);
}
