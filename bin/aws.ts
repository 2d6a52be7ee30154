import { App } from 'aws-cdk-lib';
import { blueprints } from '../aws/blueprints';
import cdk from '../cdk.json';
import { build, readRequest } from '../shared/synth/blueprints';
import { DESTROY_DATA } from '../shared/synth/settings';
import { orOneLine } from './one-line';

/** Synthesize what is asked for on AWS. The outcome lies in `outdir`, or where the CDK command line says. */
export function synthesizeAws(env: NodeJS.ProcessEnv, outdir?: string) {
  const app = new App({ outdir, autoSynth: false, context: { ...cdk.context, [DESTROY_DATA]: env.DESTROY_DATA } });
  const request = readRequest(env);
  build(app, [blueprints], { ...request, blueprint: app.node.tryGetContext('blueprint') ?? request.blueprint });
  return app.synth();
}

if (require.main === module) orOneLine(() => synthesizeAws(process.env));
