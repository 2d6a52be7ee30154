import { App, Stage } from 'aws-cdk-lib';
import { App as TerraformApp, type TerraformStack, Testing } from 'cdktf';
import { Construct } from 'constructs';
import cdk from '../../../cdk.json';
import { type Blueprint, build, findBlueprints } from '../../../shared/synth/blueprints';
import { temporaryFolder } from '../../support/folder';

const STAGES = ['dev', 'prod'];
const named = (blueprints: readonly Blueprint[]) =>
  blueprints.map((blueprint) => [`${blueprint.cloud} ${blueprint.name}`, blueprint] as const);

test.each(named(findBlueprints(['aws'])))('%s stands in one app as dev and prod', (_, blueprint) => {
  const app = new App({ outdir: temporaryFolder(), context: cdk.context });
  for (const stage of STAGES) build(new Stage(app, stage), blueprint, {});
  const stacks = app.synth().nestedAssemblies.flatMap(({ nestedAssembly }) => nestedAssembly.stacks);
  expect(stacks.map(({ stackName }) => stackName)).toEqual(STAGES.map((stage) => `${stage}-aws-${blueprint.name}`));
  const [dev, prod] = stacks.map(({ template }) => Object.keys(template.Resources).length);
  expect(dev).toBeGreaterThan(2);
  expect(prod).toBe(dev);
});

const terraform = named(findBlueprints(['azure', 'gcp']));

test.each(terraform)('%s stands in one app as dev and prod, each with a state of its own', (_, blueprint) => {
  const app = new TerraformApp({ outdir: temporaryFolder(), skipValidation: true });
  const stacks = STAGES.map((stage) => build(app, blueprint, {}, stage) as TerraformStack);
  const states = stacks.map((stack) => JSON.parse(Testing.synth(stack)).terraform.backend.local.path);
  expect(states).toEqual(STAGES.map((stage) => `../../../terraform.${stage}.tfstate`));
});

test.each(terraform)('%s is refused where another stack would be written into the same folder', (name, blueprint) => {
  const app = new TerraformApp({ outdir: temporaryFolder(), skipValidation: true });
  const [dev, prod] = STAGES.map((stage) => new Construct(app, stage));
  build(dev!, blueprint, {});
  const id = name.replace(' ', '-');
  expect(() => build(prod!, blueprint, {})).toThrow(`prod/${id}: id must be unique in the app, got ${id}. dev/${id} has the same id`);
});
