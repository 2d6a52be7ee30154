import { App } from 'aws-cdk-lib';
import { DISABLE_CREATION_STACK_TRACES } from 'aws-cdk-lib/cx-api';
import cdk from '../cdk.json';
import { type Blueprint, blueprintsNamed, build, readRequest } from '../shared/synth/blueprints';
import { DESTROY_DATA } from '../shared/synth/settings';
import { settingsOf, stackIn } from './environment';
import { orOneLine } from './one-line';

/** Without it, each construct's source line goes into the output, with the folder it lies in. `cdk synth --debug` brings them back. */
const PURE = { [DISABLE_CREATION_STACK_TRACES]: true };

/**
 * Synthesize what is asked for on AWS. The outcome lies in `outdir`, or where the CDK command line says.
 * @param blueprints what to build, where it is not for the environment or the context to say
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
