import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { App } from 'aws-cdk-lib';
import { App as TerraformApp } from 'cdktf';
import { AwsPipeline } from '../../aws/architectures/pipeline';
import { AzurePipeline } from '../../azure/architectures/pipeline';
import { synthesizeAws } from '../../bin/aws';
import { environments, settingsOf } from '../../bin/environment';
import { synthesizeTerraform } from '../../bin/terraform';
import { environment as shown } from '../../docs/examples/environment-prod';
import { GcpPipeline } from '../../gcp/architectures/pipeline';
import { temporaryFolder } from '../support/folder';

/** A repository with one environment. */
function withEnvironment(name: string, text: string): string {
  const root = temporaryFolder();
  mkdirSync(path.join(root, 'environments'));
  writeFileSync(path.join(root, `environments/${name}.ts`), text);
  return root;
}

/** Each stack of Azure and GCP of an environment, as Terraform reads it. */
function terraform(env: NodeJS.ProcessEnv, outdir = temporaryFolder()) {
  const stacks = synthesizeTerraform(env, outdir);
  const read = (stack: string) => JSON.parse(readFileSync(path.join(outdir, 'stacks', stack, 'cdk.tf.json'), 'utf8'));
  return Object.fromEntries(stacks.map((stack) => [stack, read(stack)]));
}

/** How many resources outlive their stack. */
const kept = ({ template }: { readonly template: { readonly Resources: object } }) =>
  Object.values(template.Resources).filter(({ DeletionPolicy = '' }) => DeletionPolicy.startsWith('Retain')).length;

describe('dev and prod stand side by side:', () => {
  const aws = Object.fromEntries(environments().map((name) => [name, synthesizeAws({ ENVIRONMENT: name }, temporaryFolder()).stacks[0]!]));
  const others = Object.fromEntries(environments().map((name) => [name, terraform({ ENVIRONMENT: name })]));

  test('each has stacks and a state of its own, also in a workspace of Terraform', () => {
    expect(environments()).toEqual(['dev', 'prod']);
    expect(Object.values(aws).map(({ stackName }) => stackName)).toEqual(['aws-pipeline-dev', 'aws-pipeline-prod']);
    expect(Object.values(others).flatMap(Object.keys)).toEqual([
      'azure-pipeline-dev',
      'gcp-pipeline-dev',
      'azure-pipeline-prod',
      'gcp-pipeline-prod',
    ]);
    expect(others.prod!['gcp-pipeline-prod'].terraform.backend.local).toEqual({
      path: '../../../terraform.gcp-pipeline-prod.tfstate',
      workspace_dir: '../../../terraform.gcp-pipeline-prod.workspaces',
    });
  });

  test('the data of dev goes with its stacks and asks for no second key, that of prod stays', () => {
    expect([kept(aws.dev!), kept(aws.prod!)]).toEqual([0, 6]);
    expect(aws.prod!.terminationProtection).toBe(true);
    for (const stack of Object.values(others.dev!)) expect(JSON.stringify(stack)).not.toContain('prevent_destroy');
    for (const stack of Object.values(others.prod!)) expect(JSON.stringify(stack)).toContain('"prevent_destroy":true');
  });

  test('each resource says which environment it is of', () => {
    // CloudFormation hands the tags of a stack on to its resources.
    expect(aws.prod!.tags).toEqual({ environment: 'prod' });
    expect(others.dev!['gcp-pipeline-dev'].provider.google[0].default_labels).toEqual({ environment: 'dev', platform: 'gcp-pipeline-dev' });
    const [group] = Object.values<any>(others.dev!['azure-pipeline-dev'].resource.azurerm_resource_group);
    expect(group.tags).toEqual({ environment: 'dev' });
  });

  test('REMOVAL says more than the file', () => {
    expect(kept(synthesizeAws({ ENVIRONMENT: 'dev', REMOVAL: 'retain' }, temporaryFolder()).stacks[0]!)).toBe(6);
  });
});

test('the context says which environment, before the process does', () => {
  process.env.CDKTF_CONTEXT_JSON = '{"environment":"prod"}';
  try {
    expect(Object.keys(terraform({ ENVIRONMENT: 'dev' }))).toEqual(['azure-pipeline-prod', 'gcp-pipeline-prod']);
  } finally {
    delete process.env.CDKTF_CONTEXT_JSON;
  }
});

test('the environment that the page shows builds on all clouds', () => {
  const { aws, azure, gcp } = shown;
  expect(new AwsPipeline(new App({ outdir: temporaryFolder() }), 'aws', aws)).toMatchObject({
    region: 'eu-west-1',
    terminationProtection: true,
  });
  const app = new TerraformApp({ outdir: temporaryFolder(), skipValidation: true });
  expect(
    [new AzurePipeline(app, 'azure', azure), new GcpPipeline(app, 'gcp', gcp)].map((stack) =>
      Object.keys(stack.toTerraform().terraform.backend),
    ),
  ).toEqual([['azurerm'], ['gcs']]);
});

test('what an environment says of a place is asked of nobody', () => {
  const azure = { prefix: 'acme', location: 'swedencentral' };
  const gcp = { prefix: 'acme', projectId: 'acme-data', region: 'europe-north1' };
  const app = new TerraformApp({ outdir: temporaryFolder(), skipValidation: true });
  const defaults = (stack: { toTerraform(): any }) =>
    Object.fromEntries(Object.entries<any>(stack.toTerraform().variable).map(([name, variable]) => [name, variable.default]));
  expect(defaults(new AzurePipeline(app, 'azure', azure))).toMatchObject(azure);
  expect(defaults(new GcpPipeline(app, 'gcp', gcp))).toMatchObject({ prefix: 'acme', project_id: 'acme-data', region: 'europe-north1' });
});

describe('the state lies in', () => {
  const stateIn = (backend: never) =>
    new GcpPipeline(new TerraformApp({ outdir: temporaryFolder() }), 'gcp-pipeline-prod', { backend }).toTerraform().terraform;

  test.each([
    ['a bucket of Google', { gcs: { bucket: 'acme-state' } }, { gcs: { bucket: 'acme-state', prefix: 'gcp-pipeline-prod' } }, '>= 1.5.0'],
    [
      'a container of Azure, without a key',
      { azurerm: { resourceGroupName: 'acme', storageAccountName: 'acmestate', containerName: 'state' } },
      {
        azurerm: {
          ...{ resource_group_name: 'acme', storage_account_name: 'acmestate', container_name: 'state' },
          ...{ key: 'gcp-pipeline-prod.tfstate', use_azuread_auth: true },
        },
      },
      '>= 1.5.0',
    ],
    [
      'a bucket of S3, locked by a file, which takes Terraform 1.10',
      { s3: { bucket: 'acme-state', region: 'eu-west-1' } },
      { s3: { bucket: 'acme-state', region: 'eu-west-1', key: 'gcp-pipeline-prod.tfstate', encrypt: true, use_lockfile: true } },
      '>= 1.10.0',
    ],
  ])('%s', (_, backend, written, version) => {
    expect(stateIn(backend as never)).toMatchObject({ backend: written, required_version: version });
  });

  test.each([
    {},
    { gcs: {} },
    { gcs: { bucket: '' } },
    { gcs: { bucket: 'a' }, s3: { bucket: 'a', region: 'b' } },
    'acme-state',
    { http: {} },
  ])('nothing that is said like %j', (backend) => {
    const kinds = 'gcs: { bucket }, azurerm: { resourceGroupName, storageAccountName, containerName }, s3: { bucket, region }';
    expect(() => stateIn(backend as never)).toThrow(
      new Error(
        `gcp-pipeline-prod: backend must be one of ${kinds}, each a text, got ${JSON.stringify(backend)}. Leave it out to keep the state in a file.`,
      ),
    );
  });
});

describe('one line for', () => {
  test('an environment that does not exist, with those that do', () => {
    expect(() => settingsOf('test', 'aws')).toThrow(
      new Error('the environment must be one of dev, prod, got "test". Copy environments/dev.ts to create another.'),
    );
  });

  test.each([
    [
      'test',
      'exports.environment = { regoin: 1 };',
      'environments/test.ts: regoin is not a setting. Known settings: removal, destroyData, aws, azure, gcp.',
    ],
    [
      'test',
      'exports.environment = { gcp: { regoin: 1 } };',
      'environments/test.ts: regoin is not a setting for gcp. Known settings: removal, destroyData, notify, labels, backend, prefix, projectId, region.',
    ],
    ['test', '', 'environments/test.ts must export an object "environment". See environments/dev.ts.'],
    ['test', 'exports.environment = { aws: [] };', 'environments/test.ts must export an object as aws. See environments/dev.ts.'],
    [
      'Test-1',
      'exports.environment = {};',
      'environments/Test-1.ts must be named in 1 to 16 lower-case letters and digits, a letter first. Rename it.',
    ],
  ])('%s that says %s', (name, text, message) => {
    expect(() => settingsOf(name, 'gcp', withEnvironment(name, text))).toThrow(new Error(message));
  });

  test('a second key that is not the word', () => {
    expect(() => new AzurePipeline(new TerraformApp({ outdir: temporaryFolder() }), 'azure', { destroyData: 'no' as never })).toThrow(
      new Error('azure: destroyData must be "yes", got "no". Leave it out to keep the data.'),
    );
  });
});
