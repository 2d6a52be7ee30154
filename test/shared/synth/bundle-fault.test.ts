import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { bundleFault, requireNoNativeCode } from '../../../shared/synth/bundle-fault';
import { temporaryFolder } from '../../support/folder';

const HANDLER = 'aws/handlers/kinesis-to-s3';
const project = temporaryFolder();
mkdirSync(path.join(project, 'node_modules/ajv'), { recursive: true });

/** What a person reads where esbuild finds such faults. */
function said(...errors: readonly { text: string; location?: { file: string; line: number } }[]): string {
  return (bundleFault({ errors }, HANDLER, project) as Error).message;
}

test.each<[string, Readonly<Record<string, unknown>>, string]>([
  ['the version that the project names', { 'package.json': { dependencies: { fflate: '0.8.3' } } }, 'fflate@0.8.3'],
  ['the version that it was copied with', { 'package.json': {}, '.blueprints.json': { packages: { fflate: '0.8.2' } } }, 'fflate@0.8.2'],
  ['no version where nobody names one', { 'package.json': {}, '.blueprints.json': {} }, 'fflate'],
])('a package that is not installed is told in one line, with %s', (_, files, named) => {
  for (const [file, content] of Object.entries(files)) writeFileSync(path.join(project, file), JSON.stringify(content));
  expect(said({ text: 'Could not resolve "fflate"' })).toBe(
    `${HANDLER} needs the package fflate, which is not installed. Run npm install ${named}.`,
  );
});

test('several packages are told once each, by the names that npm knows', () => {
  const texts = ['@aws-sdk/client-s3/dist', 'lossless-json', '@aws-sdk/client-s3'].map((name) => ({ text: `Could not resolve "${name}"` }));
  expect(said(...texts)).toBe(
    `${HANDLER} needs the packages @aws-sdk/client-s3 and lossless-json, which are not installed. Run npm install @aws-sdk/client-s3 lossless-json.`,
  );
});

test.each(['./gone', '../../gone', 'ajv/gone'])('an import of %s, which is no missing package, is told with its place', (name) => {
  const fault = { text: `Could not resolve "${name}"`, location: { file: 'aws/x.ts', line: 7 } };
  expect(said(fault)).toBe(`${HANDLER} cannot be bundled: aws/x.ts:7: Could not resolve "${name}".`);
});

const native = (name: string) =>
  new Error(
    `${HANDLER} cannot be bundled: the package ${name} has native code, which is compiled for one platform, and the bundle runs on another. Use a package without native code.`,
  );

test('a file of native code that is imported is told with its package', () => {
  expect(said({ text: 'No loader is configured for ".node" files: node_modules/@acme/fast/build/fast.node' })).toBe(
    native('@acme/fast').message,
  );
});

test.each<[string, object, string[]]>([
  ['node-gyp builds', {}, ['binding.gyp']],
  ['its package.json says so of', { gypfile: true }, []],
  ['a binary is fetched for', { binary: { module_name: 'fast' } }, []],
  ['a package for each platform holds', { optionalDependencies: { '@acme/fast-linux-arm64': '1.0.0' } }, []],
])('native code that %s is refused, which esbuild leaves out without a word', (_, manifest, files) => {
  const folder = temporaryFolder();
  const fast = path.join(folder, 'node_modules/@acme/fast');
  mkdirSync(fast, { recursive: true });
  writeFileSync(path.join(fast, 'package.json'), JSON.stringify(manifest));
  for (const file of files) writeFileSync(path.join(fast, file), '');
  const inputs = ['aws/handlers/kinesis-to-s3/main.ts', 'node_modules/@acme/fast/index.js'];
  expect(() => requireNoNativeCode(HANDLER, inputs, folder)).toThrow(native('@acme/fast'));
  expect(() => requireNoNativeCode(HANDLER, inputs.slice(0, 1), folder)).not.toThrow();
});

test('what esbuild did not throw goes on as it is', () => {
  const fault = new Error('The disk is full.');
  expect(bundleFault(fault, HANDLER, project)).toBe(fault);
});
