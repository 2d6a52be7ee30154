import { App } from 'aws-cdk-lib';
import { DISABLE_CREATION_STACK_TRACES } from 'aws-cdk-lib/cx-api';
import cdk from '../cdk.json';
import { type Blueprint, blueprintsNamed, build, readRequest } from '../shared/synth/blueprints';
import { DESTROY_DATA } from '../shared/synth/settings';
import { settingsOf, stackIn } from './environment';
import { orOneLine } from './one-line';

/** Without it, the output contains the absolute path and the line of each construct. `cdk synth --debug` adds them again. */
const PURE = { [DISABLE_CREATION_STACK_TRACES]: true };

/**
 * Synthesize the stacks of AWS into `outdir`, by default the folder that the CDK command line sets.
 * @param blueprints what to synthesize, instead of what the environment variables or the context name
 */
export function synthesizeAws(env: NodeJS.ProcessEnv, outdir?: string, blueprints?: readonly Blueprint[]) {
  const app = new App({ outdir, autoSynth: false, context: { ...cdk.context, ...PURE, [DESTROY_DATA]: env.DESTROY_DATA } });
  const request = readRequest(env);
  const environment = app.node.tryGetContext('environment') ?? request.environment;
  const asked = () => blueprintsNamed(app.node.tryGetContext('blueprint') ?? request.blueprint, ['aws']);
  const settings = { ...settingsOf(environment, 'aws'), ...request.options };
  for (const found of blueprints ?? asked()) build(app, found, settings, stackIn(environment, 'aws', found.name));
  return app.synth();
}

if (require.main === module) orOneLine(() => synthesizeAws(process.env));
