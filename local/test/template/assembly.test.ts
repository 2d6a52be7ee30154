import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { readAssembly } from '../../template/assembly';
import { temporaryFolder } from '../folder';
import { mutated, synthesized } from '../support';

/** A copy whose file `name` went through `edit`. */
function changed(name: string, edit: (content: any) => void): string {
  const folder = mutated('aws', (template) => {
    template.Description = 'another';
  });
  const file = path.join(folder, name);
  const content = JSON.parse(readFileSync(file, 'utf8'));
  edit(content);
  writeFileSync(file, JSON.stringify(content));
  return folder;
}

const code = { bucket: 'cdk-hnb659fds-assets-000000000000-eu-west-1', key: '' };

test('finds the zip that the function is deployed with', () => {
  const { stackName, template, asset } = readAssembly(synthesized('aws'));
  const [key] = Object.values(template.Resources!).flatMap(({ Type, Properties }) =>
    Type === 'AWS::Lambda::Function' ? [(Properties!.Code as { S3Key: string }).S3Key] : [],
  );
  expect(stackName).toBe('aws-pipeline');
  expect(existsSync(asset(code.bucket, key!))).toBe(true);
});

test.each<[string, () => unknown, string]>([
  ['a folder without an assembly', () => readAssembly(temporaryFolder()), 'manifest.json: it does not exist. Synthesize first'],
  [
    'an asset that is not there',
    () => readAssembly(synthesized('aws')).asset(code.bucket, 'x.zip'),
    `s3://${code.bucket}/x.zip: the assembly has no asset`,
  ],
  [
    'two stacks',
    () => readAssembly(changed('manifest.json', ({ artifacts }) => (artifacts.second = artifacts['aws-pipeline']))),
    'manifest.json: it must hold exactly one stack, got 2.',
  ],
  [
    'stages of the CDK',
    () => readAssembly(changed('manifest.json', ({ artifacts }) => (artifacts.prod = { type: 'cdk:cloud-assembly' }))),
    'manifest.json: it holds stages of the CDK.',
  ],
  [
    'code that is no zip',
    () => {
      const folder = changed('aws-pipeline.assets.json', ({ files }) => {
        for (const file of Object.values<any>(files)) file.source.packaging = 'zip';
      });
      const { files } = JSON.parse(readFileSync(path.join(folder, 'aws-pipeline.assets.json'), 'utf8'));
      const [{ destinations }] = Object.values<any>(files);
      return readAssembly(folder).asset(code.bucket, Object.values<any>(destinations)[0].objectKey);
    },
    'the asset must be a zip file',
  ],
])('refuses %s', (_, read, message) => expect(read).toThrow(message));
