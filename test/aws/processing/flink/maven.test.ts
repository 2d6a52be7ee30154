import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { temporaryFolder } from '../../../support/folder';

const { build } = require('../../../../aws/processing/flink/build/maven.cjs') as { build(folder: string, mvn?: string): string };

/** A folder, and a command in the place of Maven that leaves these files in it. */
function projectWith(...files: string[]) {
  const folder = temporaryFolder();
  const mvn = path.join(folder, 'mvn.cjs');
  mkdirSync(path.join(folder, 'target'));
  const script = `#!${process.execPath}\nfor (const file of ${JSON.stringify(files)}) require('node:fs').writeFileSync('target/' + file, '');`;
  writeFileSync(mvn, script);
  chmodSync(mvn, 0o755);
  return { folder, mvn };
}

test('a build gives the path of the jar with its dependencies', () => {
  const { folder, mvn } = projectWith('app.jar', 'original-app.jar', 'app-sources.jar');
  expect(build(folder, mvn)).toBe(path.join(folder, 'target/app.jar'));
});

test('a build without a jar, or with two, is refused', () => {
  const none = projectWith();
  expect(() => build(none.folder, none.mvn)).toThrow(
    `${none.folder}: ${none.mvn} package must make one jar in target or .build, got none.`,
  );
  const two = projectWith('a.jar', 'b.jar');
  expect(() => build(two.folder, two.mvn)).toThrow('got a.jar and b.jar.');
});

test('a machine without Maven is told what is needed', () => {
  const needs = 'It needs a JDK 17 or newer, Maven 3.8 or newer, and access to Maven Central.';
  expect(() => build(temporaryFolder(), 'no-such-maven')).toThrow(needs);
});

test('a build that fails says so', () => {
  const { folder, mvn } = projectWith();
  writeFileSync(mvn, `#!${process.execPath}\nprocess.exit(3);`);
  expect(() => build(folder, mvn)).toThrow(`${mvn} package ended with 3.`);
});
