import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { bundleFault } from '../../../shared/synth/bundle-fault';
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

test('what esbuild did not throw goes on as it is', () => {
  const fault = new Error('The disk is full.');
  expect(bundleFault(fault, HANDLER, project)).toBe(fault);
});
