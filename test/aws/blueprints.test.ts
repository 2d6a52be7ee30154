import { App } from 'aws-cdk-lib';
import cdk from '../../cdk.json';
import { readCloudFormation } from '../../shared/read/cloudformation';
import { build } from '../../shared/synth/blueprints';
import { holdBlueprints } from '../support/blueprints';
import { temporaryFolder } from '../support/folder';

holdBlueprints('aws', (blueprint) => {
  const app = new App({ outdir: temporaryFolder(), context: cdk.context });
  build(app, blueprint, {});
  const [stack, ...others] = app.synth().stacks;
  expect(others).toEqual([]);
  return readCloudFormation(stack!.template);
});
